// oauth4webapi: the same with the stricter, lower library, which also checks the ID token's signature.
import * as oauth from 'oauth4webapi'
import { Browser, settings, signIn, verdict } from './people.mjs'

const { issuer, clientId, clientSecret, redirect, loggedOut } = settings
const local = { [oauth.allowInsecureRequests]: true }
const as = await oauth.processDiscoveryResponse(new URL(issuer), await oauth.discoveryRequest(new URL(issuer), { algorithm: 'oidc', ...local }))
const client = { client_id: clientId }
const auth = oauth.ClientSecretBasic(clientSecret)
const verifier = oauth.generateRandomCodeVerifier()
const state = oauth.generateRandomState()
const nonce = oauth.generateRandomNonce()
const begin = new URL(as.authorization_endpoint)
for (const [name, value] of Object.entries({
  client_id: clientId,
  redirect_uri: redirect,
  response_type: 'code',
  scope: 'openid profile email org offline_access',
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
  code_challenge_method: 'S256',
  state,
  nonce,
})) begin.searchParams.set(name, value)
const browser = new Browser()
const params = oauth.validateAuthResponse(as, client, await signIn(browser, begin, settings), state)
const codeAnswer = await oauth.authorizationCodeGrantRequest(as, client, auth, params, redirect, verifier, local)
const tokens = await oauth.processAuthorizationCodeResponse(as, client, codeAnswer, { expectedNonce: nonce, requireIdToken: true })
await oauth.validateApplicationLevelSignature(as, codeAnswer, local)
const claims = oauth.getValidatedIdTokenClaims(tokens)
const userinfo = await oauth.processUserInfoResponse(as, client, claims.sub, await oauth.userInfoRequest(as, client, tokens.access_token, local))
const refreshed = await oauth.processRefreshTokenResponse(
  as, client, await oauth.refreshTokenGrantRequest(as, client, auth, tokens.refresh_token, local),
)
const introspected = await oauth.processIntrospectionResponse(
  as, client, await oauth.introspectionRequest(as, client, auth, refreshed.access_token, local),
)
await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, auth, refreshed.refresh_token, local))
const revoked = await oauth
  .processRefreshTokenResponse(as, client, await oauth.refreshTokenGrantRequest(as, client, auth, refreshed.refresh_token, local))
  .then(() => 'accepted', (e) => e.error)
const end = new URL(as.end_session_endpoint)
end.searchParams.set('id_token_hint', refreshed.id_token)
end.searchParams.set('post_logout_redirect_uri', loggedOut)
end.searchParams.set('state', 'bye')
const logout = await browser.open(end, loggedOut)
verdict({
  sub: claims.sub,
  email: userinfo.email,
  plans: claims.wolfieauth_plans.map((p) => p.planSlug),
  refreshedPlans: oauth.getValidatedIdTokenClaims(refreshed).wolfieauth_plans.map((p) => p.planSlug),
  rotated: refreshed.refresh_token !== tokens.refresh_token,
  active: introspected.active,
  revoked,
  loggedOut: logout.url.href,
})
