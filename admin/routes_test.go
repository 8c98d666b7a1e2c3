package admin_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/wolfieauth/wolfieauth/admin"
	"github.com/wolfieauth/wolfieauth/billing"
	passes "github.com/wolfieauth/wolfieauth/claims/comps"
	"github.com/wolfieauth/wolfieauth/idp"
	"github.com/wolfieauth/wolfieauth/internal/audit"
	"github.com/wolfieauth/wolfieauth/internal/db"
	"github.com/wolfieauth/wolfieauth/internal/db/dbtest"
)

// visitors ask for what is acme's, or the platform's.
var visitors = []string{"", "outsider", "rival", "member", "clerk", "owner", "platform"}

// rule says what each visitor gets at one route, in the order of visitors.
type rule struct {
	target string // the address with acme's real ids
	form   func(b *bundle) url.Values
	want   [7]int
	fresh  func(b *bundle) string // makes a thing for each visitor, whose id stands for ID in the target
	after  func(b *bundle)        // puts back what a visit that was let through has changed
	syncs  bool                   // stores what Stripe says, as the way back from Stripe does
	locked bool                   // belongs to an org: who is not in it must not tell it from one that does not exist
}

var rules = map[string]rule{
	"GET /admin":                                                     {target: "/admin?org=acme", want: [7]int{303, 404, 404, 403, 200, 200, 200}, locked: true},
	"GET /admin/clients/:clientId":                                   {target: "/admin/clients/acme-crm", want: [7]int{303, 404, 404, 403, 200, 200, 200}, locked: true},
	"GET /admin/clients/:clientId/secret":                            {target: "/admin/clients/acme-crm/secret", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/clients/:clientId/secret":                           {target: "/admin/clients/acme-crm/secret", form: secretForm, want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"GET /admin/clients/:clientId/plans/new":                         {target: "/admin/clients/acme-crm/plans/new", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/clients/:clientId/plans/new":                        {target: "/admin/clients/acme-crm/plans/new", form: planForm, want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/clients/:clientId/plans/:plan/edit":                  {target: "/admin/clients/acme-crm/plans/plan-pro/edit", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/clients/:clientId/plans/:plan/edit":                 {target: "/admin/clients/acme-crm/plans/plan-edited/edit", form: planEditForm, want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/clients/:clientId/plans/:plan/archive":               {target: "/admin/clients/acme-crm/plans/plan-pro/archive", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/clients/:clientId/plans/:plan/archive":              {target: "/admin/clients/acme-crm/plans/plan-ended/archive", want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"POST /admin/clients/:clientId/plans/:plan/restore":              {target: "/admin/clients/acme-crm/plans/plan-gone/restore", want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"POST /admin/clients/:clientId/plans/:plan/duplicate":            {target: "/admin/clients/acme-crm/plans/plan-pro/duplicate", want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"POST /admin/clients/:clientId/plans/:plan/move":                 {target: "/admin/clients/acme-crm/plans/plan-pro/move", form: moveForm, want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/clients/:clientId/plans/:plan/prices/new":            {target: "/admin/clients/acme-crm/plans/plan-pro/prices/new", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/clients/:clientId/plans/:plan/prices/new":           {target: "/admin/clients/acme-crm/plans/plan-pro/prices/new", form: priceForm, want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/clients/:clientId/plans/:plan/prices/:price/edit":    {target: "/admin/clients/acme-crm/plans/plan-pro/prices/price-pro/edit", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/clients/:clientId/plans/:plan/prices/:price/edit":   {target: "/admin/clients/acme-crm/plans/plan-edited/prices/price-edited/edit", form: priceEditForm, want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/clients/:clientId/plans/:plan/prices/:price/retire":  {target: "/admin/clients/acme-crm/plans/plan-pro/prices/price-pro/retire", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/clients/:clientId/plans/:plan/prices/:price/retire": {target: "/admin/clients/acme-crm/plans/plan-priced/prices/price-ended/retire", want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/clients/:clientId/shop":                              {target: "/admin/clients/acme-crm/shop", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/clients/:clientId/shop":                             {target: "/admin/clients/acme-crm/shop", form: shopForm, want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"POST /admin/clients/:clientId/plans/order":                      {target: "/admin/clients/acme-crm/plans/order", form: orderForm, want: [7]int{303, 404, 404, 403, 403, 204, 403}, locked: true},
	"GET /admin/clients/:clientId/sync":                              {target: "/admin/clients/acme-crm/sync", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/clients/:clientId/sync":                             {target: "/admin/clients/acme-crm/sync", want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/clients/:clientId/plans/:plan/scope":                 {target: "/admin/clients/acme-crm/plans/plan-pro/scope", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/clients/:clientId/plans/:plan/scope":                {target: "/admin/clients/acme-crm/plans/plan-moved/scope", form: scopeForm, want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/clients/:clientId/plans/:plan/delete":                {target: "/admin/clients/acme-crm/plans/plan-pro/delete", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/clients/:clientId/plans/:plan/delete":               {target: "/admin/clients/acme-crm/plans/plan-deleted/delete", form: deleteForm, want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/clients/:clientId/plans/:plan/drift":                 {target: "/admin/clients/acme-crm/plans/plan-pro/drift", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/clients/:clientId/plans/:plan/drift":                {target: "/admin/clients/acme-crm/plans/plan-pushed/drift", form: driftForm, want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/clients/:clientId/drift":                             {target: "/admin/clients/acme-crm/drift", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"GET /admin/clients/:clientId/features":                          {target: "/admin/clients/acme-crm/features", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"GET /admin/clients/:clientId/features/:feature/edit":            {target: "/admin/clients/acme-crm/features/feature-unused/edit", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/clients/:clientId/features/:feature/edit":           {target: "/admin/clients/acme-crm/features/feature-edited/edit", form: featureForm, want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/clients/:clientId/features/:feature/delete":          {target: "/admin/clients/acme-crm/features/feature-unused/delete", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/clients/:clientId/features/:feature/delete":         {target: "/admin/clients/acme-crm/features/feature-deleted/delete", form: featureEndForm, want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/members/invite":                                      {target: "/admin/members/invite?org=acme", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/members/invite":                                     {target: "/admin/members/invite?org=acme", form: inviteForm, want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/members/:user/role":                                  {target: "/admin/members/MANY/role?org=acme", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/members/:user/role":                                 {target: "/admin/members/MANY/role?org=acme", form: roleForm, want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/members/:user/remove":                                {target: "/admin/members/MANY/remove?org=acme", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/members/:user/remove":                               {target: "/admin/members/GUEST/remove?org=acme", form: toldForm(-1), want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/members/:user/return":                                {target: "/admin/members/GONE/return?org=acme", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/members/:user/return":                               {target: "/admin/members/BACK/return?org=acme", form: toldForm(1), want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/members/:user/owner":                                 {target: "/admin/members/MANY/owner?org=acme", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/members/:user/owner":                                {target: "/admin/members/HEIR/owner?org=acme", form: ownerForm, after: ownAgain, want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/invitations":                                         {target: "/admin/invitations?org=acme", want: [7]int{303, 404, 404, 403, 200, 200, 200}, locked: true},
	"GET /admin/invitations/:invitation/resend":                      {target: "/admin/invitations/OPEN/resend?org=acme", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/invitations/:invitation/resend":                     {target: "/admin/invitations/OPEN/resend?org=acme", want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/invitations/:invitation/revoke":                      {target: "/admin/invitations/OPEN/revoke?org=acme", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/invitations/:invitation/revoke":                     {target: "/admin/invitations/ENDED/revoke?org=acme", want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/seats":                                               {target: "/admin/seats?org=acme", want: [7]int{303, 404, 404, 403, 200, 200, 200}, locked: true},
	"POST /admin/seats/:subscription/sync":                           {target: "/admin/seats/sub-1/sync?org=acme", want: [7]int{303, 404, 404, 403, 303, 303, 403}, locked: true},
	"GET /admin/seats/:subscription/spare":                           {target: "/admin/seats/sub-1/spare?org=acme", want: [7]int{303, 404, 404, 403, 200, 200, 403}, locked: true},
	"POST /admin/seats/:subscription/spare":                          {target: "/admin/seats/sub-1/spare?org=acme", form: spareForm, want: [7]int{303, 404, 404, 403, 303, 303, 403}, locked: true},
	"GET /admin/org":                                                 {target: "/admin/org?org=acme", want: [7]int{303, 404, 404, 403, 200, 200, 200}, locked: true},
	"POST /admin/org/name":                                           {target: "/admin/org/name?org=acme", form: nameForm, after: nameAgain, want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"POST /admin/org/limits":                                         {target: "/admin/org/limits?org=acme", form: limitsForm, want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/orgs/:org/fees":                                      {target: "/admin/orgs/acme/fees", want: [7]int{303, 404, 404, 403, 200, 200, 200}, locked: true},
	"GET /admin/orgs/:org/fees.csv":                                  {target: "/admin/orgs/acme/fees.csv", want: [7]int{303, 404, 404, 403, 200, 200, 200}, locked: true},
	"GET /admin/orgs/:org/fees/invoices/:invoice":                    {target: "/admin/orgs/acme/fees/invoices/nothing.xml", want: [7]int{303, 404, 404, 403, 404, 404, 404}, locked: true},
	"GET /admin/orgs/:org/tax":                                       {target: "/admin/orgs/acme/tax", want: [7]int{303, 404, 404, 403, 200, 200, 200}, locked: true},
	"POST /admin/orgs/:org/tax":                                      {target: "/admin/orgs/acme/tax", form: taxForm, want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"POST /admin/orgs/:org/fees/rate":                                {target: "/admin/orgs/acme/fees/rate", form: feeRateForm, want: [7]int{303, 404, 404, 403, 403, 403, 303}, locked: true},
	"GET /admin/clients/:clientId/billing":                           {target: "/admin/clients/acme-crm/billing", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/clients/:clientId/billing":                          {target: "/admin/clients/acme-spa/billing", form: billingForm, want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/clients/:clientId/billing/disable":                   {target: "/admin/clients/acme-crm/billing/disable", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/clients/:clientId/billing/disable":                  {target: "/admin/clients/acme-mail/billing/disable", form: billingEndForm, want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/orgs/:slug/payments":                                 {target: "/admin/orgs/acme/payments", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/orgs/:slug/payments/:mode/connect":                  {target: "/admin/orgs/acme/payments/live/connect", form: letGoForm, want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"POST /admin/orgs/:slug/payments/:mode/create":                   {target: "/admin/orgs/acme/payments/live/create", form: letGoForm, want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"POST /admin/orgs/:slug/payments/:mode/continue":                 {target: "/admin/orgs/acme/payments/test/continue", want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/orgs/:slug/payments/:mode/return":                    {target: "/admin/orgs/acme/payments/test/return", want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true, syncs: true},
	"POST /admin/orgs/:slug/payments/:mode/refresh":                  {target: "/admin/orgs/acme/payments/test/refresh", want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/orgs/:slug/payments/:mode/disconnect":                {target: "/admin/orgs/acme/payments/test/disconnect", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/orgs/:slug/payments/:mode/disconnect":               {target: "/admin/orgs/acme/payments/live/disconnect", form: heldForm, want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/payments/connected":                                  {target: "/admin/payments/connected?state=unknown&code=ac_1", want: [7]int{303, 400, 400, 400, 400, 400, 400}},
	"GET /admin/members":                                             {target: "/admin/members?org=acme", want: [7]int{303, 404, 404, 403, 200, 200, 200}, locked: true},
	"GET /admin/audit":                                               {target: "/admin/audit?org=acme", want: [7]int{303, 404, 404, 403, 403, 200, 200}, locked: true},
	"GET /admin/audit.csv":                                           {target: "/admin/audit.csv?org=acme", want: [7]int{303, 404, 404, 403, 403, 200, 200}, locked: true},
	"GET /admin/platform/jobs":                                       {target: "/admin/platform/jobs", want: [7]int{303, 403, 403, 403, 403, 403, 200}},
	"POST /admin/platform/jobs/retry":                                {target: "/admin/platform/jobs/retry", form: retryForm, want: [7]int{303, 403, 403, 403, 403, 403, 303}},
	"GET /admin/apps/new":                                            {target: "/admin/apps/new?org=acme", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/apps/new":                                           {target: "/admin/apps/new?org=acme", form: newAppForm, want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"GET /admin/clients/:clientId/settings":                          {target: "/admin/clients/acme-crm/settings", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/clients/:clientId/settings":                         {target: "/admin/clients/acme-mail/settings", form: settingsForm, want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"POST /admin/clients/:clientId/logo":                             {target: "/admin/clients/acme-mail/logo", form: logoForm, want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"POST /admin/clients/:clientId/logo/remove":                      {target: "/admin/clients/acme-spa/logo/remove", want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/clients/:clientId/disable":                           {target: "/admin/clients/acme-crm/disable", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/clients/:clientId/disable":                          {target: "/admin/clients/acme-stop/disable", form: word("Stop"), want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"POST /admin/clients/:clientId/enable":                           {target: "/admin/clients/acme-gone/enable", want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/bundles":                                             {target: "/admin/bundles?org=acme", want: [7]int{303, 404, 404, 403, 403, 200, 200}, locked: true},
	"GET /admin/bundles/new":                                         {target: "/admin/bundles/new?org=acme", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/bundles/new":                                        {target: "/admin/bundles/new?org=acme", form: bundleForm, want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/bundles/:bundle":                                     {target: "/admin/bundles/suite-id", want: [7]int{303, 404, 404, 403, 403, 200, 403}, locked: true},
	"POST /admin/bundles/:bundle":                                    {target: "/admin/bundles/other-id", form: bundleEditForm, want: [7]int{303, 404, 404, 403, 403, 303, 403}, locked: true},
	"GET /admin/platform/orgs":                                       {target: "/admin/platform/orgs", want: [7]int{303, 403, 403, 403, 403, 403, 200}},
	"GET /admin/platform/orgs/:org/suspend":                          {target: "/admin/platform/orgs/{org acme}/suspend", want: [7]int{303, 403, 403, 403, 403, 403, 200}},
	"POST /admin/platform/orgs/:org/suspend":                         {target: "/admin/platform/orgs/{org gamma}/suspend", form: word("gamma"), want: [7]int{303, 403, 403, 403, 403, 403, 303}},
	"POST /admin/platform/orgs/:org/resume":                          {target: "/admin/platform/orgs/{org delta}/resume", want: [7]int{303, 403, 403, 403, 403, 403, 303}},
	"GET /admin/platform/apps":                                       {target: "/admin/platform/apps", want: [7]int{303, 403, 403, 403, 403, 403, 200}},
	"GET /admin/platform/users":                                      {target: "/admin/platform/users", want: [7]int{303, 403, 403, 403, 403, 403, 200}},
	"GET /admin/platform/users/:user":                                {target: "/admin/platform/users/{user owner}", want: [7]int{303, 403, 403, 403, 403, 403, 200}},
	"GET /admin/platform/users/:user/disable":                        {target: "/admin/platform/users/{user owner}/disable", want: [7]int{303, 403, 403, 403, 403, 403, 200}},
	"POST /admin/platform/users/:user/disable":                       {target: "/admin/platform/users/{user spare}/disable", form: word("spare@people.test"), want: [7]int{303, 403, 403, 403, 403, 403, 303}},
	"POST /admin/platform/users/:user/enable":                        {target: "/admin/platform/users/{user frozen}/enable", want: [7]int{303, 403, 403, 403, 403, 403, 303}},
	"GET /admin/platform/users/:user/sessions":                       {target: "/admin/platform/users/{user owner}/sessions", want: [7]int{303, 403, 403, 403, 403, 403, 200}},
	"POST /admin/platform/users/:user/sessions":                      {target: "/admin/platform/users/{user spare}/sessions", want: [7]int{303, 403, 403, 403, 403, 403, 303}},
	"GET /admin/platform/webhooks":                                   {target: "/admin/platform/webhooks", want: [7]int{303, 403, 403, 403, 403, 403, 200}},
	"GET /admin/platform/webhooks/:event":                            {target: "/admin/platform/webhooks/{event}", want: [7]int{303, 403, 403, 403, 403, 403, 200}},
	"POST /admin/platform/webhooks/:event/read":                      {target: "/admin/platform/webhooks/{event}/read", want: [7]int{303, 403, 403, 403, 403, 403, 303}},
	"GET /admin/platform/audit":                                      {target: "/admin/platform/audit", want: [7]int{303, 403, 403, 403, 403, 403, 200}},
	"GET /admin/platform/audit.csv":                                  {target: "/admin/platform/audit.csv", want: [7]int{303, 403, 403, 403, 403, 403, 200}},
	"GET /admin/clients/:clientId/users":                             {target: "/admin/clients/acme-crm/users", want: [7]int{303, 404, 404, 403, 403, 200, 200}, locked: true},
	"GET /admin/clients/:clientId/explain":                           {target: "/admin/clients/acme-crm/explain?user=ID", fresh: compedPerson, want: [7]int{303, 404, 404, 403, 403, 200, 200}, locked: true},
	"GET /admin/clients/:clientId/comps":                             {target: "/admin/clients/acme-crm/comps", want: [7]int{303, 404, 404, 403, 403, 200, 200}, locked: true},
	"GET /admin/clients/:clientId/comps/new":                         {target: "/admin/clients/acme-crm/comps/new?user=ID", fresh: compedPerson, want: [7]int{303, 404, 404, 403, 403, 200, 200}, locked: true},
	"POST /admin/clients/:clientId/comps/new":                        {target: "/admin/clients/acme-crm/comps/new", form: compForm, want: [7]int{303, 404, 404, 403, 403, 303, 303}, locked: true},
	"GET /admin/clients/:clientId/comps/:comp/end":                   {target: "/admin/clients/acme-crm/comps/ID/end", fresh: freshPass, want: [7]int{303, 404, 404, 403, 403, 200, 200}, locked: true},
	"POST /admin/clients/:clientId/comps/:comp/end":                  {target: "/admin/clients/acme-crm/comps/ID/end", fresh: freshPass, want: [7]int{303, 404, 404, 403, 403, 303, 303}, locked: true},
	"GET /admin/clients/:clientId/comps/:comp/renew":                 {target: "/admin/clients/acme-crm/comps/ID/renew", fresh: freshPass, want: [7]int{303, 404, 404, 403, 403, 200, 200}, locked: true},
	"POST /admin/clients/:clientId/comps/:comp/renew":                {target: "/admin/clients/acme-crm/comps/ID/renew", fresh: freshPass, form: renewForm, want: [7]int{303, 404, 404, 403, 403, 303, 303}, locked: true},
	"GET /admin/clients/:clientId/comps/list":                        {target: "/admin/clients/acme-crm/comps/list", want: [7]int{303, 404, 404, 403, 403, 200, 200}, locked: true},
	"POST /admin/clients/:clientId/comps/list":                       {target: "/admin/clients/acme-crm/comps/list", form: listForm, want: [7]int{303, 404, 404, 403, 403, 303, 303}, locked: true},
	"GET /admin/clients/:clientId/comps/list/:run":                   {target: "/admin/clients/acme-crm/comps/list/ID", fresh: freshRun, want: [7]int{303, 404, 404, 403, 403, 200, 200}, locked: true},
	// Who sent a list confirms it: here the owner did.
	"POST /admin/clients/:clientId/comps/list/:run":            {target: "/admin/clients/acme-crm/comps/list/ID", fresh: freshRun, want: [7]int{303, 404, 404, 403, 403, 303, 404}, locked: true},
	"GET /admin/clients/:clientId/comps/list/:run/results.csv": {target: "/admin/clients/acme-crm/comps/list/ID/results.csv", fresh: freshRun, want: [7]int{303, 404, 404, 403, 403, 200, 200}, locked: true},
}

func inviteForm(b *bundle) url.Values {
	return url.Values{
		"addresses": {"new@people.test"}, "role": {"member"}, "lang": {"en"}, "told": {admin.SeatCost{People: 1, At: b.now}.Told()},
	}
}

func roleForm(*bundle) url.Values { return url.Values{"role": {"billing"}} }

func toldForm(people int64) func(b *bundle) url.Values {
	return func(b *bundle) url.Values {
		return url.Values{"told": {admin.SeatCost{People: people, At: b.now}.Told()}}
	}
}

func ownerForm(*bundle) url.Values { return url.Values{"name": {"Acme Spółka"}} }

func ownAgain(b *bundle) {
	b.must(b.people.TransferOwnership(b.t.Context(), b.orgs["acme"].ID, b.users["heir"].ID, b.users["owner"].ID))
}

func nameForm(*bundle) url.Values { return url.Values{"name": {"Acme und Söhne"}} }

func nameAgain(b *bundle) {
	_, err := b.people.RenameOrg(b.t.Context(), b.orgs["acme"].ID, "Acme Spółka")
	b.must(err)
}

func spareForm(*bundle) url.Values { return url.Values{"seats": {"4"}} }

func limitsForm(*bundle) url.Values {
	return url.Values{"max_seats": {"50"}, "max_amount": {"1,000.50"}, "currency": {"pln"}}
}

// seedTeam adds a person for each change of a member, and an invitation for each end of one.
func (b *bundle) seedTeam() {
	b.t.Helper()
	ctx, acme := b.t.Context(), b.orgs["acme"].ID
	ids := []string{"MANY", b.users["many"].ID}
	for _, name := range []string{"guest", "gone", "back", "heir"} {
		u, _, err := b.people.CreateUser(ctx, idp.CreateUser{Email: name + "@people.test", Password: "correct horse"})
		b.must(err)
		b.users[name] = u
		b.join("acme", name, "member")
		if name == "gone" || name == "back" {
			b.must(b.people.RemoveMember(ctx, acme, u.ID))
		}
		ids = append(ids, strings.ToUpper(name), u.ID)
	}
	for _, name := range []string{"open", "ended"} {
		inv, err := b.people.Invite(ctx, idp.Invite{OrgID: acme, InviterID: b.users["owner"].ID, Email: name + "@people.test", Role: "member"})
		b.must(err)
		ids = append(ids, strings.ToUpper(name), inv.ID)
	}
	b.seats.states = []billing.SeatState{{Subscription: billing.Subscription{ID: "sub-1", Currency: "PLN"}, AppName: "Beta Shop", PlanName: "Team", Wanted: 5, Quantity: 3, Pending: true}}
	b.ids = strings.NewReplacer(ids...)
}

var seenField = regexp.MustCompile(`name="seen" value="([^"]*)"`)

func secretForm(b *bundle) url.Values {
	page := b.as("owner", "acme").get("/admin/clients/acme-crm/secret")
	m := seenField.FindStringSubmatch(page.body)
	if m == nil {
		b.t.Fatalf("no form to rotate a secret: %d", page.status)
	}
	return url.Values{"client_id": {crm}, "seen": {m[1]}}
}

func retryForm(*bundle) url.Values { return url.Values{"kind": {"mail"}, "key": {"mail-1"}} }

func feeRateForm(*bundle) url.Values { return url.Values{"rate": {"4,25"}} }

func taxForm(*bundle) url.Values {
	return url.Values{"name": {"Acme sp. z o.o."}, "address1": {"ul. Długa 1"}, "country": {"PL"}, "nip": {"123-456-32-18"}}
}

func planForm(*bundle) url.Values {
	return url.Values{"name": {"Brand new"}, "grace_days": {"7"}, "features": {"ksef_enabled"}}
}

func planEditForm(b *bundle) url.Values {
	return url.Values{"name": {"Edited"}, "description": {"anew"}, "grace_days": {"7"}, "seen": {b.seen("/admin/clients/acme-crm/plans/plan-edited/edit")}}
}

func moveForm(*bundle) url.Values { return url.Values{"direction": {"down"}} }

func priceForm(*bundle) url.Values {
	return url.Values{"amount": {"12.50"}, "currency": {"eur"}, "interval": {"month"}, "scheme": {"flat"}, "seats": {"14"}}
}

func priceEditForm(b *bundle) url.Values {
	form := priceForm(b)
	form.Set("seen", b.seen("/admin/clients/acme-crm/plans/plan-edited/prices/price-edited/edit"))
	return form
}

func compedPerson(b *bundle) string {
	u, err := b.people.UserByEmail(b.t.Context(), compedOne)
	b.must(err)
	return u.ID
}

// newAddress is one that nobody has.
func newAddress() string { return "nobody-" + uuid.NewString() + "@new.test" }

func compForm(*bundle) url.Values {
	return url.Values{"email": {newAddress()}, "reason": {"because"}}
}

func renewForm(*bundle) url.Values { return url.Values{"until": {"2031-01-31"}} }

func listForm(*bundle) url.Values {
	return url.Values{"list": {newAddress()}, "reason": {"because"}}
}

// freshPass gives one to an address and answers its id.
func freshPass(b *bundle) string {
	email := newAddress()
	b.must(b.passes.Give(b.t.Context(), passes.Gift{ClientID: crm, Email: email, Reason: "because", GivenBy: b.users["owner"].ID}))
	var id string
	b.must(b.db.Conn(b.t.Context()).Raw("SELECT id FROM address_comps WHERE email = ?", email).Scan(&id).Error)
	return id
}

// freshRun is a list that the owner sent.
func freshRun(b *bundle) string {
	run, err := b.passes.Check(b.t.Context(), passes.List{ClientID: crm, GivenBy: b.users["owner"].ID, Text: newAddress(), Reason: "because"})
	b.must(err)
	return run.ID
}

// seen is the state of a thing as the form about it shows it to its owner.
func (b *bundle) seen(path string) string {
	b.t.Helper()
	page := b.as("owner", "acme").get(path)
	m := seenField.FindStringSubmatch(page.body)
	if m == nil {
		b.t.Fatalf("no state in %s: %d", path, page.status)
	}
	return m[1]
}

func scopeForm(b *bundle) url.Values {
	return url.Values{"scope": {"suite-id"}, "seen": {b.seen("/admin/clients/acme-crm/plans/plan-moved/scope")}}
}

func deleteForm(b *bundle) url.Values {
	return url.Values{"seen": {b.seenOrGone("/admin/clients/acme-crm/plans/plan-deleted/delete")}}
}

func driftForm(b *bundle) url.Values {
	return url.Values{"account": {"acct_acme"}, "direction": {"push"}, "seen": {b.seenOrGone("/admin/clients/acme-crm/plans/plan-pushed/drift")}}
}

func featureForm(b *bundle) url.Values {
	return url.Values{"name": {"Edited"}, "seen": {b.seen("/admin/clients/acme-crm/features/feature-edited/edit")}}
}

func featureEndForm(b *bundle) url.Values {
	return url.Values{"seen": {b.seenOrGone("/admin/clients/acme-crm/features/feature-deleted/delete")}}
}

// seenOrGone is seen of a thing that a visitor before may have deleted or repaired.
func (b *bundle) seenOrGone(path string) string {
	b.t.Helper()
	if m := seenField.FindStringSubmatch(b.as("owner", "acme").get(path).body); m != nil {
		return m[1]
	}
	return "gone"
}

// seedEditor adds a plan for each change that takes one away or alters it.
func (b *bundle) seedEditor() {
	b.t.Helper()
	ctx, app := b.t.Context(), billing.Scope{Kind: billing.ScopeApp, ID: crm}
	for id, price := range map[string]string{"plan-edited": "price-edited", "plan-ended": "", "plan-gone": "", "plan-priced": "price-ended", "plan-moved": "", "plan-deleted": "", "plan-pushed": ""} {
		_, err := b.billing.CreatePlan(ctx, billing.NewPlan{ID: id, Scope: app, Name: id})
		b.must(err)
		if price != "" {
			_, err = b.billing.AddPrice(ctx, billing.NewPrice{ID: price, PlanID: id, Amount: 500, Currency: "EUR", Interval: billing.IntervalMonth})
			b.must(err)
		}
	}
	for _, id := range []string{"feature-unused", "feature-edited", "feature-deleted"} {
		_, err := b.billing.CreateFeature(ctx, billing.NewFeature{ID: id, Scope: app, Key: strings.ReplaceAll(id, "-", "_"), Name: id})
		b.must(err)
	}
	b.must(b.billing.ArchivePlan(ctx, "plan-gone"))
	b.connect()
}

// TestEveryRouteKnowsItsVisitors reads the routes from the router: a new one without a rule fails.
func TestEveryRouteKnowsItsVisitors(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := setup(t, d)
		b.seedEditor()
		b.seedPlatform()
		b.seedTeam()
		found := map[string]bool{}
		for _, r := range b.edge.Echo().Routes() {
			name := r.Method + " " + r.Path
			if !strings.HasPrefix(r.Path, "/admin") {
				continue
			}
			found[name] = true
			if _, ok := rules[name]; !ok {
				t.Errorf("route %s has no rule", name)
			}
		}
		for name, rule := range rules {
			if !found[name] {
				t.Errorf("rule for %s, which is no route", name)
				continue
			}
			b.checkRoute(t, name, rule)
		}
	})
}

func (b *bundle) checkRoute(t *testing.T, name string, r rule) {
	t.Helper()
	method, _, _ := strings.Cut(name, " ")
	r.target = b.real(r.target)
	for i, who := range visitors {
		var form url.Values
		if r.form != nil {
			form = r.form(b)
		}
		br := b.as(who, map[string]string{"owner": "acme", "member": "acme", "clerk": "acme", "rival": "beta", "platform": "wolfie"}[who])
		target := b.ids.Replace(r.target)
		if r.fresh != nil {
			target = strings.Replace(target, "ID", r.fresh(b), 1)
		}
		before := b.written()
		got := br.do(method, target, form)
		if got.status != r.want[i] {
			t.Errorf("%s as %q: %d, want %d", name, who, got.status, r.want[i])
			continue
		}
		allowed := got.status == http.StatusOK || got.status == http.StatusNoContent || got.status == http.StatusSeeOther && who != ""
		if wrote := b.written() != before; wrote != (allowed && (method == http.MethodPost || r.syncs || who == "platform" && strings.HasSuffix(name, "/explain"))) {
			t.Errorf("%s as %q (%d): wrote is %v", name, who, got.status, wrote)
		}
		if allowed && r.after != nil {
			r.after(b)
		}
		if allowed {
			continue
		}
		lacks(t, got, "Acme CRM", "crm.acme.test", "many@people.test", compedOne, "Gratis Pro", "Nur für Freunde", jobError, "mail-1")
		if got.status == http.StatusNotFound && r.locked {
			lacks(t, got, "Acme Spółka")
			b.sameAsUnknown(t, br, method, target, got, form)
		}
		if next := got.header.Get("Location"); who == "" && !strings.HasPrefix(next, "/login?next=%2Fadmin") {
			t.Errorf("%s anonymously goes to %q", name, next)
		}
	}
}

// toUnknown makes an address of acme's one of something that does not exist, fromUnknown the other way round.
var (
	toUnknown   = strings.NewReplacer("acme-", "nope-", "org=acme", "org=nope", "suite-id", "nosuch-id", "other-id", "nothing-id", "orgs/acme/", "orgs/nope/")
	fromUnknown = strings.NewReplacer("nope-", "acme-", "org=nope", "org=acme", "nosuch-id", "suite-id", "nothing-id", "other-id", "orgs/nope/", "orgs/acme/")
)

// sameAsUnknown compares the answer with the one about something that does not exist: apart from the request's
// own id and the address that was asked for, not a byte may differ.
func (b *bundle) sameAsUnknown(t *testing.T, br *browser, method, target string, got answer, form url.Values) {
	t.Helper()
	other := toUnknown.Replace(target)
	unknown := br.do(method, other, form)
	clean := func(a answer) string {
		body := strings.ReplaceAll(a.body, a.header.Get("X-Request-Id"), "ID")
		return fromUnknown.Replace(body)
	}
	if unknown.status != got.status || clean(unknown) != clean(got) {
		t.Errorf("%s %s tells a foreign thing (%d) from an unknown one (%d):\n%s\n---\n%s", method, target, got.status, unknown.status, clean(got), clean(unknown))
	}
}

// written is the state that the routes can change.
func (b *bundle) written() string {
	b.t.Helper()
	ctx := b.t.Context()
	app, err := b.people.App(ctx, crm)
	b.must(err)
	item, err := b.jobs.Item(ctx, "mail", "mail-1")
	b.must(err)
	entries, _, err := b.log.List(ctx, audit.Filter{Limit: 1})
	b.must(err)
	var runs string
	b.must(b.db.Conn(ctx).Raw("SELECT COUNT(*) || '/' || COALESCE(SUM(CASE WHEN state = 'checked' THEN 0 ELSE 1 END), 0) FROM comp_runs").Scan(&runs).Error)
	var attempts int64
	b.must(b.db.Conn(ctx).Model(&billing.ConnectAttempt{}).Count(&attempts).Error)
	asked := int(attempts) + b.stripe.Calls("AccountLink") + b.stripe.Calls("ReadAccount")
	return strings.Repeat("?", asked) + app.SecretHash + runs + entries[0].ID + strings.Repeat("+", int(item.Wanted))
}
