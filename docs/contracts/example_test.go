package contracts_test

import (
	"fmt"

	"github.com/wolfieauth/wolfieauth/docs/contracts"
)

func ExampleValidate() {
	answer := []byte(`{"type":"about:blank","title":"Conflict","status":409,"code":"already_subscribed","url":"/billing/acme-crm"}`)
	fmt.Println(contracts.Validate("problem", answer))

	made := []byte(`{"type":"about:blank","title":"Teapot","status":418,"code":"teapot"}`)
	fmt.Println(contracts.Validate("problem", made))
	// Output:
	// <nil>
	// contract problem: code "teapot" is not in problem-codes.md
}
