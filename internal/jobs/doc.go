// Package jobs makes things converge. Whatever must happen sooner or later (a mail to send, a subscription to
// read again, seats to push) has a row in work_items with a wanted and a done generation, written in the
// transaction that makes it necessary:
//
//	err := d.InTx(ctx, func(ctx context.Context) error {
//		if err := store.SaveMembership(ctx, m); err != nil {
//			return err
//		}
//		return runner.Want(ctx, "seats", subscriptionID)
//	})
//
// Everything else is only a wake-up: the job of the job library that commits with the row and reaches some
// replica, a nudge inside this process, and a sweep every few seconds by one leader that finds what is still
// wanted. Any of them may be lost, late or doubled. A worker takes a lease on the row before it calls the
// handler, renews it while the handler runs and, at the end, sets done to the generation that it had read: a
// change made meanwhile leaves the row wanted, and it runs again. A killed worker's lease runs out and the
// next sweep hands its item on.
//
// Leases and retries follow real time, due dates the injected clock.
package jobs
