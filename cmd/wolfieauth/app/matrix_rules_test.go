package app_test

import "net/url"

// The kinds of routes, by whom they let in.
const (
	// orgPage belongs to one org: anonymous people are sent to sign in, who is not in the org gets the 404 of something
	// that does not exist, a member without the permission a 403.
	orgPage = "orgPage"
	// platformPage is for the platform's admins: everybody else gets a 403, anonymous people are sent to sign in.
	platformPage = "platformPage"
	// ownPage is about the visitor's own things, whatever ids are sent: anonymous people get nothing done.
	ownPage = "ownPage"
	// openPage is for everybody, and tells everybody the same.
	openPage = "openPage"
	// bearerAPI wants an access token, and is about what that token stands for.
	bearerAPI = "bearerAPI"
	// clientAPI wants the proof of an app, or of Stripe: nobody's cookies open it.
	clientAPI = "clientAPI"
	// endsSession is an open page that signs its visitor out: it is asked anonymously alone.
	endsSession = "endsSession"
	// demoOnly is not there but in the demo.
	demoOnly = "demoOnly"
)

// access is the rule of one route.
type access struct {
	kind string
	// form is posted with the victim's real ids; nil posts nothing.
	form func(v *victim) url.Values
	// query is added to the address, org=<the victim's> to an orgPage without parameters by itself.
	query string
	// invited puts the token of somebody else's open invitation into the address, in place of one that there is not.
	invited bool
	// want, where it is given, are the answers to anonymous people, a stranger, another org's owner, and a plain
	// member, in place of the kind's own.
	want [4]int
}

// matrix holds every route of the house, as the router names it. "ANY" stands for routes that answer each method.
// A guarded page needs no more than its kind:
//
//	"GET /admin/something": {kind: orgPage},
var matrix = map[string]access{
	"GET /admin":                                                     {kind: orgPage},
	"GET /admin/apps/new":                                            {kind: orgPage},
	"POST /admin/apps/new":                                           {kind: orgPage},
	"GET /admin/audit":                                               {kind: orgPage},
	"GET /admin/audit.csv":                                           {kind: orgPage},
	"GET /admin/bundles":                                             {kind: orgPage},
	"GET /admin/bundles/new":                                         {kind: orgPage},
	"POST /admin/bundles/new":                                        {kind: orgPage},
	"GET /admin/bundles/:bundle":                                     {kind: orgPage},
	"POST /admin/bundles/:bundle":                                    {kind: orgPage},
	"GET /admin/clients/:clientId":                                   {kind: orgPage},
	"GET /admin/clients/:clientId/comps":                             {kind: orgPage},
	"GET /admin/clients/:clientId/comps/:comp/end":                   {kind: orgPage},
	"POST /admin/clients/:clientId/comps/:comp/end":                  {kind: orgPage},
	"GET /admin/clients/:clientId/comps/:comp/renew":                 {kind: orgPage},
	"POST /admin/clients/:clientId/comps/:comp/renew":                {kind: orgPage},
	"GET /admin/clients/:clientId/comps/list":                        {kind: orgPage},
	"POST /admin/clients/:clientId/comps/list":                       {kind: orgPage, form: words("list", "a@example.test", "reason", "x")},
	"GET /admin/clients/:clientId/comps/list/:run":                   {kind: orgPage},
	"POST /admin/clients/:clientId/comps/list/:run":                  {kind: orgPage},
	"GET /admin/clients/:clientId/comps/list/:run/results.csv":       {kind: orgPage},
	"GET /admin/clients/:clientId/comps/new":                         {kind: orgPage},
	"POST /admin/clients/:clientId/comps/new":                        {kind: orgPage, form: words("email", "a@example.test", "reason", "x")},
	"GET /admin/clients/:clientId/explain":                           {kind: orgPage, query: "user=:user"},
	"GET /admin/clients/:clientId/users":                             {kind: orgPage},
	"GET /admin/clients/:clientId/billing":                           {kind: orgPage},
	"POST /admin/clients/:clientId/billing":                          {kind: orgPage},
	"GET /admin/clients/:clientId/billing/disable":                   {kind: orgPage},
	"POST /admin/clients/:clientId/billing/disable":                  {kind: orgPage},
	"GET /admin/clients/:clientId/disable":                           {kind: orgPage},
	"POST /admin/clients/:clientId/disable":                          {kind: orgPage, form: words("word", "Acme CRM")},
	"POST /admin/clients/:clientId/enable":                           {kind: orgPage},
	"POST /admin/clients/:clientId/logo":                             {kind: orgPage},
	"POST /admin/clients/:clientId/logo/remove":                      {kind: orgPage},
	"GET /admin/clients/:clientId/plans/new":                         {kind: orgPage},
	"POST /admin/clients/:clientId/plans/new":                        {kind: orgPage},
	"POST /admin/clients/:clientId/plans/:plan/archive":              {kind: orgPage},
	"GET /admin/clients/:clientId/plans/:plan/archive":               {kind: orgPage},
	"POST /admin/clients/:clientId/plans/:plan/duplicate":            {kind: orgPage},
	"GET /admin/clients/:clientId/plans/:plan/edit":                  {kind: orgPage},
	"POST /admin/clients/:clientId/plans/:plan/edit":                 {kind: orgPage},
	"POST /admin/clients/:clientId/plans/:plan/move":                 {kind: orgPage, form: words("direction", "down")},
	"GET /admin/clients/:clientId/plans/:plan/prices/new":            {kind: orgPage},
	"POST /admin/clients/:clientId/plans/:plan/prices/new":           {kind: orgPage},
	"GET /admin/clients/:clientId/plans/:plan/prices/:price/edit":    {kind: orgPage},
	"POST /admin/clients/:clientId/plans/:plan/prices/:price/edit":   {kind: orgPage},
	"GET /admin/clients/:clientId/plans/:plan/prices/:price/retire":  {kind: orgPage},
	"POST /admin/clients/:clientId/plans/:plan/prices/:price/retire": {kind: orgPage},
	"POST /admin/clients/:clientId/plans/:plan/restore":              {kind: orgPage},
	"GET /admin/clients/:clientId/secret":                            {kind: orgPage},
	"POST /admin/clients/:clientId/secret":                           {kind: orgPage, form: words("client_id", "acme-crm")},
	"GET /admin/clients/:clientId/settings":                          {kind: orgPage},
	"POST /admin/clients/:clientId/settings":                         {kind: orgPage},
	"GET /admin/clients/:clientId/sync":                              {kind: orgPage},
	"POST /admin/clients/:clientId/sync":                             {kind: orgPage},
	"GET /admin/clients/:clientId/drift":                             {kind: orgPage},
	"GET /admin/clients/:clientId/features":                          {kind: orgPage},
	"GET /admin/clients/:clientId/features/:feature/delete":          {kind: orgPage},
	"POST /admin/clients/:clientId/features/:feature/delete":         {kind: orgPage},
	"GET /admin/clients/:clientId/features/:feature/edit":            {kind: orgPage},
	"POST /admin/clients/:clientId/features/:feature/edit":           {kind: orgPage},
	"GET /admin/clients/:clientId/plans/:plan/delete":                {kind: orgPage},
	"POST /admin/clients/:clientId/plans/:plan/delete":               {kind: orgPage},
	"GET /admin/clients/:clientId/plans/:plan/drift":                 {kind: orgPage},
	"POST /admin/clients/:clientId/plans/:plan/drift":                {kind: orgPage},
	"GET /admin/clients/:clientId/plans/:plan/scope":                 {kind: orgPage},
	"POST /admin/clients/:clientId/plans/:plan/scope":                {kind: orgPage},
	"POST /admin/clients/:clientId/plans/order":                      {kind: orgPage},
	"GET /admin/clients/:clientId/shop":                              {kind: orgPage},
	"POST /admin/clients/:clientId/shop":                             {kind: orgPage},
	"GET /admin/orgs/:org/fees":                                      {kind: orgPage},
	"GET /admin/orgs/:org/fees.csv":                                  {kind: orgPage},
	"GET /admin/orgs/:org/fees/invoices/:invoice":                    {kind: orgPage},
	"GET /admin/orgs/:org/tax":                                       {kind: orgPage},
	"POST /admin/orgs/:org/tax":                                      {kind: orgPage},
	"POST /admin/orgs/:org/fees/rate":                                {kind: orgPage, form: words("rate", "1")},
	"GET /admin/orgs/:slug/payments":                                 {kind: orgPage},
	"POST /admin/orgs/:slug/payments/:mode/connect":                  {kind: orgPage},
	"POST /admin/orgs/:slug/payments/:mode/create":                   {kind: orgPage, form: words("country-test", "PL")},
	"POST /admin/orgs/:slug/payments/:mode/continue":                 {kind: orgPage},
	"GET /admin/orgs/:slug/payments/:mode/return":                    {kind: orgPage},
	"POST /admin/orgs/:slug/payments/:mode/refresh":                  {kind: orgPage},
	"GET /admin/orgs/:slug/payments/:mode/disconnect":                {kind: orgPage},
	"POST /admin/orgs/:slug/payments/:mode/disconnect":               {kind: orgPage, form: words("word", "Acme")},
	"GET /admin/payments/connected":                                  {kind: ownPage, query: "state=unknown&code=ac_1", want: [4]int{303, 400, 400, 400}},
	"GET /admin/members":                                             {kind: orgPage},
	"GET /admin/members/invite":                                      {kind: orgPage},
	"POST /admin/members/invite":                                     {kind: orgPage, form: words("addresses", "x@x.test")},
	"GET /admin/members/:user/role":                                  {kind: orgPage, query: "org=acme"},
	"POST /admin/members/:user/role":                                 {kind: orgPage, query: "org=acme", form: words("role", "member")},
	"GET /admin/members/:user/remove":                                {kind: orgPage, query: "org=acme"},
	"POST /admin/members/:user/remove":                               {kind: orgPage, query: "org=acme"},
	"GET /admin/members/:user/return":                                {kind: orgPage, query: "org=acme"},
	"POST /admin/members/:user/return":                               {kind: orgPage, query: "org=acme"},
	"GET /admin/members/:user/owner":                                 {kind: orgPage, query: "org=acme"},
	"POST /admin/members/:user/owner":                                {kind: orgPage, query: "org=acme", form: words("name", "Acme")},
	"GET /admin/invitations":                                         {kind: orgPage},
	"GET /admin/invitations/:invitation/resend":                      {kind: orgPage, query: "org=acme"},
	"POST /admin/invitations/:invitation/resend":                     {kind: orgPage, query: "org=acme"},
	"GET /admin/invitations/:invitation/revoke":                      {kind: orgPage, query: "org=acme"},
	"POST /admin/invitations/:invitation/revoke":                     {kind: orgPage, query: "org=acme"},
	"GET /admin/seats":                                               {kind: orgPage},
	"POST /admin/seats/:subscription/sync":                           {kind: orgPage, query: "org=acme"},
	"GET /admin/seats/:subscription/spare":                           {kind: orgPage, query: "org=acme"},
	"POST /admin/seats/:subscription/spare":                          {kind: orgPage, query: "org=acme", form: words("seats", "2")},
	"GET /admin/org":                                                 {kind: orgPage},
	"POST /admin/org/name":                                           {kind: orgPage, form: words("name", "Taken over")},
	"POST /admin/org/limits":                                         {kind: orgPage, form: words("max_seats", "1")},

	"GET /admin/platform/apps":                  {kind: platformPage},
	"GET /admin/platform/audit":                 {kind: platformPage},
	"GET /admin/platform/audit.csv":             {kind: platformPage},
	"GET /admin/platform/jobs":                  {kind: platformPage},
	"POST /admin/platform/jobs/retry":           {kind: platformPage},
	"GET /admin/platform/orgs":                  {kind: platformPage},
	"POST /admin/platform/orgs/:org/resume":     {kind: platformPage},
	"GET /admin/platform/orgs/:org/suspend":     {kind: platformPage},
	"POST /admin/platform/orgs/:org/suspend":    {kind: platformPage, form: words("word", "acme")},
	"GET /admin/platform/users":                 {kind: platformPage},
	"GET /admin/platform/users/:user":           {kind: platformPage},
	"GET /admin/platform/users/:user/disable":   {kind: platformPage},
	"POST /admin/platform/users/:user/disable":  {kind: platformPage, form: words("word", "admin@acme.test")},
	"POST /admin/platform/users/:user/enable":   {kind: platformPage},
	"GET /admin/platform/users/:user/sessions":  {kind: platformPage},
	"POST /admin/platform/users/:user/sessions": {kind: platformPage},
	"GET /admin/platform/webhooks":              {kind: platformPage},
	"GET /admin/platform/webhooks/:event":       {kind: platformPage},
	"POST /admin/platform/webhooks/:event/read": {kind: platformPage},

	"GET /account":                          {kind: ownPage},
	"GET /account/billing":                  {kind: ownPage},
	"GET /account/billing/cancel":           {kind: ownPage, query: "subscription=:subscription"},
	"POST /account/billing/cancel":          {kind: ownPage, form: ofVictim},
	"POST /account/billing/portal":          {kind: ownPage, form: ofVictim},
	"POST /account/billing/resume":          {kind: ownPage, form: ofVictim},
	"POST /account/password":                {kind: ownPage},
	"POST /account/profile":                 {kind: ownPage, form: words("name", "Somebody")},
	"POST /account/sessions/revoke":         {kind: ownPage, form: func(v *victim) url.Values { return url.Values{"session": {v.session}} }},
	"POST /account/sessions/revoke-others":  {kind: ownPage},
	"POST /account/verify":                  {kind: ownPage},
	"GET /billing/:client/checkout":         {kind: openPage, query: "price=:price"},
	"POST /billing/:client/checkout":        {kind: ownPage, form: ofVictim},
	"POST /billing/:client/portal":          {kind: ownPage, form: ofVictim},
	"GET /billing/:client/return":           {kind: openPage},
	"GET /billing/:client/return/:checkout": {kind: ownPage, want: [4]int{200, 404, 404, 404}},
	"GET /billing/:client/switch":           {kind: ownPage, query: "price=:price"},
	"POST /billing/:client/switch":          {kind: ownPage, form: ofVictim},
	"GET /consent":                          {kind: ownPage},
	"POST /consent":                         {kind: ownPage, form: words("decision", "allow")},
	"GET /device":                           {kind: openPage},
	"POST /device":                          {kind: openPage},
	"POST /device/decide":                   {kind: ownPage, form: words("decision", "allow")},
	"GET /login/org":                        {kind: ownPage},
	"POST /login/org":                       {kind: ownPage, form: ofVictim},
	"GET /orgs/leave":                       {kind: ownPage},
	"POST /orgs/leave":                      {kind: ownPage, form: ofVictim},
	"GET /orgs/new":                         {kind: ownPage},
	"POST /orgs/new":                        {kind: ownPage},
	"GET /orgs/switch":                      {kind: ownPage},
	"POST /orgs/switch":                     {kind: ownPage, form: ofVictim},

	"GET /":                              {kind: openPage},
	"GET /api/billing/:client/plans":     {kind: openPage},
	"OPTIONS /api/billing/:client/plans": {kind: openPage},
	"GET /apps/:client/brand.css":        {kind: openPage},
	"GET /apps/:client/logo":             {kind: openPage},
	"GET /auth":                          {kind: openPage},
	"POST /auth":                         {kind: openPage},
	"GET /auth/callback":                 {kind: openPage},
	"GET /billing/:client":               {kind: openPage},
	"GET /billing/:client/brand.css":     {kind: openPage},
	"GET /billing/:client/preview.css":   {kind: openPage},
	"GET /invitation":                    {kind: openPage},
	"GET /invitation/over":               {kind: openPage},
	"GET /invitation/:token":             {kind: openPage},
	"POST /invitation/:token/accept":     {kind: openPage, invited: true},
	"POST /invitation/:token/decline":    {kind: openPage},
	"POST /invitation/:token/prove":      {kind: openPage},
	"GET /invitation/:token/signup":      {kind: openPage},
	"POST /invitation/:token/signup":     {kind: openPage, invited: true},
	"POST /invitation/:token/switch":     {kind: openPage, invited: true},
	"GET /favicon.ico":                   {kind: openPage},
	"GET /healthz":                       {kind: openPage},
	"GET /login":                         {kind: openPage},
	"POST /login":                        {kind: openPage},
	"POST /login/continue":               {kind: openPage},
	"GET /openapi.json":                  {kind: openPage},
	"GET /readyz":                        {kind: openPage},
	"GET /reset":                         {kind: openPage},
	"POST /reset":                        {kind: openPage},
	"GET /reset/:token":                  {kind: openPage},
	"POST /reset/:token":                 {kind: openPage},
	"GET /signup":                        {kind: openPage},
	"POST /signup":                       {kind: openPage},
	"GET /static/:hash/*":                {kind: openPage},
	"GET /v1/billing/plans":              {kind: openPage, query: "client_id=acme-crm"},
	"OPTIONS /v1/billing/plans":          {kind: openPage},
	"GET /verify":                        {kind: openPage},
	"GET /verify/:token":                 {kind: openPage},
	"POST /verify/:token":                {kind: openPage},

	"GET /end_session":          {kind: endsSession},
	"POST /end_session":         {kind: endsSession},
	"POST /end_session/confirm": {kind: endsSession},
	"GET /end_session/done":     {kind: openPage},
	"GET /logout":               {kind: endsSession},
	"POST /logout":              {kind: endsSession},

	"GET /v1/billing/entitlements": {kind: bearerAPI},
	"GET /v1/billing/subscription": {kind: bearerAPI},
	"POST /v1/billing/checkout":    {kind: bearerAPI},
	"POST /v1/billing/portal":      {kind: bearerAPI},
	"ANY /me":                      {kind: bearerAPI},

	"ANY /.well-known/openid-configuration": {kind: openPage},
	"ANY /jwks":                             {kind: openPage},
	"ANY /device_authorization":             {kind: clientAPI},
	"ANY /introspect":                       {kind: clientAPI},
	"ANY /revoke":                           {kind: clientAPI},
	"ANY /token":                            {kind: clientAPI},
	"POST /v1/stripe/webhook":               {kind: clientAPI},

	"GET /demo/clock":    {kind: demoOnly},
	"POST /demo/clock":   {kind: demoOnly},
	"GET /demo/outbox":   {kind: demoOnly},
	"GET /demo/outbox/*": {kind: demoOnly},
}

// words is a form with fixed values.
func words(pairs ...string) func(*victim) url.Values {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return func(*victim) url.Values { return form }
}

// ofVictim names the victim's org and price wherever a form of ours might take one.
func ofVictim(v *victim) url.Values {
	return url.Values{"org": {v.org}, "price": {v.params[":price"]}, "quantity": {"1"}, "subscription": {v.subscription}, "checkout": {v.params[":checkout"]}}
}
