// Package mail writes the product's mails into an outbox table, in the transaction of what they tell of, and
// delivers them through a job: by SMTP, or, where none is set up, not at all, and the outbox page shows them.
//
// A mail is a subject, a heading, a paragraph, one button and a note, in Polish or English, as text and as
// HTML of one column. It holds no secret but the button's link; bodies are sealed in the table and dropped
// once the mail has left.
package mail
