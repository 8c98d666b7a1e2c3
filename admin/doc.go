// Package admin is the console at /admin: where the owners and admins of an org see its apps, plans, members and
// audit log, and where platform admins watch over the work of the server.
//
// Every route is a row of one table ([Console.Mount]) that names the permission it needs and whether it belongs
// to an org, to an app or to the platform. The guard finds the org, decides, and only then calls the page; a page
// never decides for itself whether it may be seen. What the visitor may not know of answers exactly as what does
// not exist; what they know of but may not do answers with a page that says whom to ask.
package admin
