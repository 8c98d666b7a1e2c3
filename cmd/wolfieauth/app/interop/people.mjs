// A person with a browser that keeps cookies and fills in forms: no more HTML than the login needs.

export class Browser {
  #cookies = new Map()

  // open follows redirects to rest, or to the first address that begins with stop.
  async open(address, stop, form) {
    let url = new URL(address)
    let init = { method: 'GET' }
    if (form) init = { method: 'POST', body: form, headers: { 'content-type': 'application/x-www-form-urlencoded' } }
    for (let i = 0; i < 20; i++) {
      const answer = await fetch(url, { ...init, redirect: 'manual', headers: { accept: 'text/html', ...init.headers, cookie: this.#jar(url) } })
      for (const line of answer.headers.getSetCookie()) this.#keep(url, line)
      const to = answer.headers.get('location')
      if (!to) return { url, status: answer.status, body: await answer.text() }
      await answer.arrayBuffer()
      url = new URL(to, url)
      if (stop && url.href.startsWith(stop)) return { url, status: answer.status, body: '' }
      init = { method: 'GET' }
    }
    throw new Error(`too many redirects, the last to ${url}`)
  }

  // submit sends the form with that action as it stands, with what the person types and the button they press.
  async submit(page, action, typed, stop) {
    const forms = page.body.match(/<form[\s\S]*?<\/form>/g) ?? []
    const form = forms.find((f) => f.includes(`action="${action}"`))
    if (!form) throw new Error(`no form to ${action} on ${page.url} (${page.status}): ${page.body.slice(0, 2000)}`)
    const values = new URLSearchParams()
    for (const input of form.match(/<input[^>]*>/g) ?? []) {
      const name = /name="([^"]*)"/.exec(input)?.[1]
      if (name) values.set(name, unescape(/value="([^"]*)"/.exec(input)?.[1] ?? ''))
    }
    for (const [name, value] of Object.entries(typed)) values.set(name, value)
    return this.open(new URL(action, page.url), stop, values)
  }

  #keep(url, line) {
    const [pair] = line.split(';')
    const at = pair.indexOf('=')
    this.#cookies.set(`${url.hostname} ${pair.slice(0, at)}`, pair.slice(at + 1))
  }

  #jar(url) {
    return [...this.#cookies].filter(([k]) => k.startsWith(`${url.hostname} `)).map(([k, v]) => `${k.split(' ')[1]}=${v}`).join('; ')
  }
}

function unescape(text) {
  return text.replaceAll('&#43;', '+').replaceAll('&#34;', '"').replaceAll('&#39;', "'").replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}

// signIn walks from the authorization request to the redirect back to the app.
export async function signIn(browser, address, { email, password, redirect }) {
  let page = await browser.open(address, redirect)
  if (page.url.pathname === '/login') page = await browser.submit(page, '/login', { email, password }, redirect)
  if (page.url.pathname === '/consent') page = await browser.submit(page, '/consent', { decision: 'allow' }, redirect)
  if (!page.url.href.startsWith(redirect)) throw new Error(`the sign-in rests at ${page.url} (${page.status}): ${page.body.slice(0, 2000)}`)
  return page.url
}

export const settings = JSON.parse(process.env.INTEROP)

// verdict prints one line for the test that runs the script.
export function verdict(facts) {
  process.stdout.write(`${JSON.stringify(facts)}\n`)
}
