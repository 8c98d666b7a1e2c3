package money_test

import (
	"errors"
	"fmt"

	"github.com/wolfieauth/wolfieauth/internal/money"
)

func ExampleParse() {
	amount, err := money.Parse("pl", "1234,56", "PLN")
	fmt.Println(amount, err)
	_, err = money.Parse("pl", "99,999", "PLN")
	fmt.Println(errors.Is(err, money.ErrTooManyDecimals))
	// Output:
	// 123456 <nil>
	// true
}

func ExampleFormatShort() {
	fmt.Println(money.FormatShort("en", 2400, "EUR"), money.FormatShort("en", 2450, "EUR"))
	// Output: €24 €24.50
}
