// Package ksef writes the structured invoices of the Polish e-invoice system, FA(3), and hands them on.
//
// [Invoice] is the plain input: who sells what to whom, in minor units. [Invoice.XML] decides the VAT treatment,
// sums, and writes the document in the order of the official schema; what the schema or the rules of the system
// would refuse is an error here, before anything is sent.
package ksef
