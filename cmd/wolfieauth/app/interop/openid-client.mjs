// openid-client: discovery, code with PKCE, userinfo, refresh, logout.
import * as client from 'openid-client'
import { Browser, settings, signIn, verdict } from './people.mjs'

const { issuer, clientId, clientSecret, redirect, loggedOut } = settings
const config = await client.discovery(new URL(issuer), clientId, clientSecret, client.ClientSecretBasic(clientSecret), {
  execute: [client.allowInsecureRequests],
})
const pkceCodeVerifier = client.randomPKCECodeVerifier()
const expectedState = client.randomState()
const expectedNonce = client.randomNonce()
const browser = new Browser()
const back = await signIn(
  browser,
  client.buildAuthorizationUrl(config, {
    redirect_uri: redirect,
    scope: 'openid profile email org offline_access',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: expectedState,
    nonce: expectedNonce,
  }),
  settings,
)
const tokens = await client.authorizationCodeGrant(config, back, { pkceCodeVerifier, expectedState, expectedNonce, idTokenExpected: true })
const claims = tokens.claims()
const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub)
const refreshed = await client.refreshTokenGrant(config, tokens.refresh_token)
const introspected = await client.tokenIntrospection(config, refreshed.access_token)
await client.tokenRevocation(config, refreshed.refresh_token)
const revoked = await client.refreshTokenGrant(config, refreshed.refresh_token).then(() => 'accepted', (e) => e.error)
const logout = await browser.open(
  client.buildEndSessionUrl(config, { id_token_hint: refreshed.id_token, post_logout_redirect_uri: loggedOut, state: 'bye' }),
  loggedOut,
)
verdict({
  sub: claims.sub,
  email: userinfo.email,
  plans: claims.wolfieauth_plans.map((p) => p.planSlug),
  refreshedPlans: refreshed.claims().wolfieauth_plans.map((p) => p.planSlug),
  rotated: refreshed.refresh_token !== tokens.refresh_token,
  active: introspected.active,
  revoked,
  loggedOut: logout.url.href,
})
