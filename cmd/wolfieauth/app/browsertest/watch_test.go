package browsertest_test

import (
	"fmt"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// watch listens to a tab: which document it shows, how much that transferred, and everything that went wrong.
type watch struct {
	mu        sync.Mutex
	changed   chan struct{} // closed and replaced at every change
	main      cdp.FrameID
	shown     cdp.LoaderID // the document that is shown
	loaded    cdp.LoaderID // the document that has been loaded with everything in it
	status    int64
	weight    map[cdp.LoaderID]float64 // transferred bytes, headers included
	requests  map[network.RequestID]request
	expected  int64 // what the next page must answer; anything else is trouble
	complaint []string
}

type request struct {
	loader cdp.LoaderID
	url    string
}

func newWatch() *watch {
	return &watch{changed: make(chan struct{}), weight: map[cdp.LoaderID]float64{}, requests: map[network.RequestID]request{}, expected: 200}
}

func (w *watch) hear(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *page.EventFrameNavigated:
		if e.Frame.ParentID == "" {
			w.main, w.shown = e.Frame.ID, e.Frame.LoaderID
		}
	case *page.EventLifecycleEvent:
		if e.Name == "load" && e.FrameID == w.main {
			w.loaded = e.LoaderID
		}
	case *network.EventRequestWillBeSent:
		w.requests[e.RequestID] = request{e.LoaderID, e.Request.URL}
	case *network.EventResponseReceived:
		w.answered(e)
	case *network.EventLoadingFinished:
		w.weight[w.requests[e.RequestID].loader] += e.EncodedDataLength
	case *network.EventLoadingFailed:
		if !e.Canceled && e.ErrorText != "net::ERR_ABORTED" {
			w.complain("request failed: %s: %s", w.requests[e.RequestID].url, e.ErrorText)
		}
	default:
		w.console(event)
	}
	close(w.changed)
	w.changed = make(chan struct{})
}

func (w *watch) answered(e *network.EventResponseReceived) {
	if e.Type == network.ResourceTypeDocument && e.FrameID == w.main {
		w.status = e.Response.Status
		if e.Response.Status != w.expected {
			w.complain("%s answers %d, not %d", e.Response.URL, e.Response.Status, w.expected)
		}
		return
	}
	if e.Response.Status >= 400 {
		w.complain("%s answers %d", e.Response.URL, e.Response.Status)
	}
}

func (w *watch) console(event any) {
	switch e := event.(type) {
	case *log.EventEntryAdded:
		// A page's own status is judged by answered; Chromium repeats it here.
		repeated := e.Entry.Source == log.SourceNetwork && strings.Contains(e.Entry.Text, fmt.Sprintf("status of %d", w.expected))
		if e.Entry.Level == log.LevelError && !repeated {
			w.complain("%s: %s (%s)", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.APITypeError || e.Type == runtime.APITypeAssert {
			w.complain("console: %s", said(e.Args))
		}
	case *runtime.EventExceptionThrown:
		w.complain("exception: %s", e.ExceptionDetails.Error())
	}
}

func said(args []*runtime.RemoteObject) string {
	var words []string
	for _, a := range args {
		words = append(words, strings.TrimSpace(string(a.Value)+" "+a.Description))
	}
	return strings.Join(words, " ")
}

func (w *watch) complain(format string, args ...any) {
	w.complaint = append(w.complaint, fmt.Sprintf(format, args...))
}

// expect says what the documents from now on must answer.
func (w *watch) expect(status int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.expected = status
}

// at answers the document that is shown, and whether everything in it is there.
func (w *watch) at() (shown cdp.LoaderID, loaded bool, changed <-chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.shown, w.shown != "" && w.shown == w.loaded, w.changed
}

// bytes is what the shown document has transferred with everything in it.
func (w *watch) bytes() float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.weight[w.shown]
}

// troubles answers what went wrong since the last call.
func (w *watch) troubles() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := w.complaint
	w.complaint = nil
	return out
}
