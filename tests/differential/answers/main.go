// SPDX-License-Identifier: Apache-2.0

// Answers queries as Prometheus does. Each line of standard input is JSON: data that takes the place of what
// there was before, or a question over it; for each question a line of JSON goes to standard output.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"strconv"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"

	"ullage.invalid/differential/peer"
)

type series struct {
	Labels map[string]string `json:"labels"`
	Values []string          `json:"values"` // one an interval from 0 on; "_" is none, "stale" a marker
}

type line struct {
	peer.Question
	IntervalMs int64    `json:"interval_ms"`
	Series     []series `json:"series"`
}

type point struct {
	TimeMs int64  `json:"time_ms"`
	Value  string `json:"value"`
}

type answeredSeries struct {
	Labels map[string]string `json:"labels"`
	Points []point           `json:"points"`
}

type answer struct {
	Error    string           `json:"error,omitempty"`
	IsParsed bool             `json:"is_parsed"`
	Kind     string           `json:"kind,omitempty"`
	Scalar   string           `json:"scalar,omitempty"`
	Series   []answeredSeries `json:"series"`
	Warnings []string         `json:"warnings"`
	Infos    []string         `json:"infos"`
	// An instant query that succeeds: whether it does, too, a minute before and after.
	IsRange bool `json:"is_range"`
}

func text(v float64) string {
	if math.IsNaN(v) {
		return "NaN"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

func load(data line) (*peer.Storage, error) {
	db, err := peer.NewStorage()
	if err != nil {
		return nil, err
	}
	longest := 0
	for _, s := range data.Series {
		longest = max(longest, len(s.Values))
	}
	appender := db.Appender(context.Background())
	for i := range longest {
		for _, s := range data.Series {
			if i >= len(s.Values) || s.Values[i] == "_" {
				continue
			}
			v := math.Float64frombits(value.StaleNaN)
			if s.Values[i] != "stale" {
				if v, err = strconv.ParseFloat(s.Values[i], 64); err != nil {
					return nil, err
				}
			}
			if _, err := appender.Append(0, labels.FromMap(s.Labels), int64(i)*data.IntervalMs, v); err != nil {
				return nil, err
			}
		}
	}
	return db, appender.Commit()
}

func describe(result *promql.Result, query string) answer {
	if result.Err != nil {
		return answer{IsParsed: true, Error: result.Err.Error()}
	}
	told := answer{IsParsed: true, Kind: string(result.Value.Type()), Series: []answeredSeries{}}
	told.Warnings, told.Infos = result.Warnings.AsStrings(query, 0, 0)
	switch v := result.Value.(type) {
	case promql.Scalar:
		told.Scalar = text(v.V)
	case promql.Vector:
		for _, s := range v {
			told.Series = append(told.Series, answeredSeries{s.Metric.Map(), []point{{s.T, text(s.F)}}})
		}
	case promql.Matrix:
		for _, s := range v {
			points := make([]point, 0, len(s.Floats))
			for _, p := range s.Floats {
				points = append(points, point{p.T, text(p.F)})
			}
			told.Series = append(told.Series, answeredSeries{s.Metric.Map(), points})
		}
	}
	return told
}

func succeeds(engine *promql.Engine, db *peer.Storage, q peer.Question) bool {
	query, result, err := peer.Ask(engine, db, q)
	if err != nil {
		return false
	}
	defer query.Close()
	return result.Err == nil
}

func ask(engine *promql.Engine, db *peer.Storage, q peer.Question) answer {
	query, result, err := peer.Ask(engine, db, q)
	if err != nil {
		return answer{Error: err.Error()}
	}
	defer query.Close()
	told := describe(result, q.Query)
	const minute = 60_000
	told.IsRange = q.StepMs == 0 && result.Err == nil &&
		succeeds(engine, db, peer.Question{Query: q.Query, StartMs: q.StartMs - minute, EndMs: q.StartMs + minute, StepMs: minute})
	return told
}

func run() error {
	engine := peer.NewEngine()
	var db *peer.Storage
	out := json.NewEncoder(os.Stdout)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var read line
		if err := json.Unmarshal(lines.Bytes(), &read); err != nil {
			return err
		}
		if read.Series == nil {
			if err := out.Encode(ask(engine, db, read.Question)); err != nil {
				return err
			}
			continue
		}
		if db != nil {
			if err := db.Close(); err != nil {
				return err
			}
		}
		var err error
		if db, err = load(read); err != nil {
			return err
		}
	}
	if db != nil {
		if err := db.Close(); err != nil {
			return err
		}
	}
	return lines.Err()
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
