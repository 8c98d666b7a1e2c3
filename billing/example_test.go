package billing_test

import (
	"fmt"

	"github.com/wolfieauth/wolfieauth/billing"
)

func ExampleQuotePrice() {
	ten := int64(10)
	price := billing.Price{
		Currency: "PLN", Interval: billing.IntervalMonth, PerSeat: true, Scheme: billing.SchemeGraduated,
		Tiers: []billing.Tier{{UpTo: &ten, UnitAmount: 9900}, {UnitAmount: 8900}},
	}
	quote, err := billing.QuotePrice(price, 14)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, line := range quote.Lines {
		fmt.Printf("seats %d to %d at %d: %d\n", line.From, line.To, line.UnitAmount, line.Amount)
	}
	fmt.Println(quote.Total, quote.Currency, "a", quote.Interval)
	// Output:
	// seats 1 to 10 at 9900: 99000
	// seats 11 to 14 at 8900: 35600
	// 134600 PLN a month
}
