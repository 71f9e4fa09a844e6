// SPDX-License-Identifier: Apache-2.0

// Times queries in Prometheus's engine over the head of its own storage, for bench/query.py. The data are those
// that bench/query_bench.cpp makes, value for value; the protocol is the same, too: see there.
package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"

	"ullage.invalid/differential/peer"
)

const startMs, stepMs = 1_700_006_400_000, 15_000

type column struct {
	labels labels.Labels
	ref    storage.SeriesRef
	value  float64
	next   func(value float64, random uint64) float64
}

func random(n uint64) uint64 {
	n += 0x9E3779B97F4A7C15
	n = (n ^ n>>30) * 0xBF58476D1CE4E5B9
	n = (n ^ n>>27) * 0x94D049BB133111EB
	return n ^ n>>31
}

func counter(value float64, random uint64) float64 {
	if random>>32%3000 == 0 {
		return 0
	}
	return value + float64(random%100)
}

func rates() (columns []column, ticks int) {
	for i := range 1000 {
		columns = append(columns, column{next: counter, labels: labels.FromStrings("__name__", "x_total",
			"instance", fmt.Sprint("host-", i%100), "job", fmt.Sprint("job-", i%10), "mode", fmt.Sprint("m", i))})
	}
	return columns, 24*240 + 1
}

func histograms() (columns []column, ticks int) {
	for i := range 1000 {
		for b := 1; b <= 20; b++ {
			le := fmt.Sprint(b)
			if b == 20 {
				le = "+Inf"
			}
			columns = append(columns, column{
				next:   func(value float64, random uint64) float64 { return value + float64(3*uint64(b)+random%3) },
				labels: labels.FromStrings("__name__", "h_bucket", "instance", fmt.Sprint("host-", i), "le", le)})
		}
	}
	return columns, 241
}

func many() (columns []column, ticks int) {
	for i := range 100_000 {
		columns = append(columns, column{
			next: func(float64, uint64) float64 { return float64(i % 7) },
			labels: labels.FromStrings("__name__", "up", "instance", fmt.Sprint("host-", i),
				"job", fmt.Sprint("job-", i%10), "zone", fmt.Sprint("zone-", i%3))})
	}
	return columns, 20
}

func fill(db *peer.Storage, columns []column, ticks int) error {
	for k := range ticks {
		appender := db.Appender(context.Background())
		for i := range columns {
			c := &columns[i]
			c.value = c.next(c.value, random(uint64(i)*1_000_003+uint64(k)))
			var err error
			if c.ref, err = appender.Append(c.ref, c.labels, startMs+int64(k)*stepMs, c.value); err != nil {
				return err
			}
		}
		if err := appender.Commit(); err != nil {
			return err
		}
	}
	return nil
}

func question(line string) (q peer.Question, err error) {
	words := strings.SplitN(line, " ", 4)
	for i, into := range []*int64{&q.StartMs, &q.EndMs, &q.StepMs} {
		if *into, err = strconv.ParseInt(words[i], 10, 64); err != nil {
			return q, err
		}
	}
	q.Query = words[3]
	return q, nil
}

func answer(engine *promql.Engine, db *peer.Storage, line string) error {
	q, err := question(line)
	if err != nil {
		return err
	}
	begin := time.Now()
	query, result, err := peer.Ask(engine, db, q)
	taken := time.Since(begin)
	if err == nil {
		err = result.Err
	}
	if err != nil {
		return err
	}
	defer query.Close()
	series, points, sum := 0, 0, 0.0
	switch v := result.Value.(type) {
	case promql.Vector:
		for _, s := range v {
			series, points, sum = series+1, points+1, sum+s.F
		}
	case promql.Matrix:
		for _, s := range v {
			series++
			for _, p := range s.Floats {
				points, sum = points+1, sum+p.F
			}
		}
	}
	fmt.Println(taken.Nanoseconds(), series, points, sum)
	return nil
}

func run(data string) error {
	db, err := peer.NewStorage()
	if err != nil {
		return err
	}
	columns, ticks := map[string]func() ([]column, int){"rates": rates, "histograms": histograms, "many": many}[data]()
	if err = fill(db, columns, ticks); err != nil {
		return err
	}
	columns = nil
	engine := peer.NewEngine()
	fmt.Println("ready")
	lines := bufio.NewScanner(os.Stdin)
	for err == nil && lines.Scan() {
		err = answer(engine, db, lines.Text())
	}
	if closed := db.Close(); err == nil {
		err = closed
	}
	return err
}

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
