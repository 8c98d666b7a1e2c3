// Command relyingparty runs the sample app by itself, against any issuer.
package main

import (
	"flag"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/wolfieauth/wolfieauth/examples/relyingparty"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8081", "address to listen on")
	var cfg relyingparty.Config
	flag.StringVar(&cfg.Issuer, "issuer", "http://localhost:8080", "the provider")
	flag.StringVar(&cfg.ClientID, "client-id", "acme-crm", "this app at the provider")
	flag.StringVar(&cfg.BaseURL, "base-url", "http://localhost:8081", "where this app is reached")
	flag.StringVar(&cfg.Name, "name", "Acme CRM", "the name that people see")
	flag.StringVar(&cfg.PricingURL, "pricing-url", "http://localhost:8080/billing/acme-crm", "the pricing page")
	flag.Parse()
	cfg.ClientSecret = os.Getenv("CLIENT_SECRET")
	app, err := relyingparty.New(cfg)
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: *addr, Handler: app.Handler(), ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}
