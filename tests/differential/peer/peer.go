// SPDX-License-Identifier: Apache-2.0

// Package peer is Prometheus's own query engine over Prometheus's own storage, for Ullage to be held against.
// Nothing of it is part of the product.
package peer

import (
	"context"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// NewEngine answers as Ullage means to: names go at the end of a query, experimental functions are there.
func NewEngine() *promql.Engine {
	return promql.NewEngine(promql.EngineOpts{
		MaxSamples:               500_000_000,
		Timeout:                  5 * time.Minute,
		LookbackDelta:            5 * time.Minute,
		NoStepSubqueryIntervalFn: func(int64) int64 { return 60_000 },
		EnableAtModifier:         true,
		EnableNegativeOffset:     true,
		EnableDelayedNameRemoval: true,
		Parser:                   parser.NewParser(parser.Options{EnableExperimentalFunctions: true}),
	})
}

// Storage is a database of which only the head in memory is used.
type Storage struct {
	*tsdb.DB
	folder string
}

// NewStorage makes an empty one.
func NewStorage() (*Storage, error) {
	folder, err := os.MkdirTemp("", "promql-peer-")
	if err != nil {
		return nil, err
	}
	options := tsdb.DefaultOptions()
	options.WALSegmentSize = -1 // no log: nothing is to outlive the process
	db, err := tsdb.Open(folder, slog.New(slog.NewTextHandler(io.Discard, nil)), nil, options, nil)
	if err != nil {
		return nil, err
	}
	db.DisableCompactions()
	return &Storage{db, folder}, nil
}

// Close removes what there is of it.
func (s *Storage) Close() error {
	err := s.DB.Close()
	if removed := os.RemoveAll(s.folder); err == nil {
		err = removed
	}
	return err
}

// Question is a query and when it is asked; without a step it is an instant query.
type Question struct {
	Query   string `json:"query"`
	StartMs int64  `json:"start_ms"`
	EndMs   int64  `json:"end_ms"`
	StepMs  int64  `json:"step_ms"`
}

// Ask executes one. The query is to be closed when its result is no longer read.
func Ask(engine *promql.Engine, source storage.Queryable, q Question) (promql.Query, *promql.Result, error) {
	background := context.Background()
	start, end := time.UnixMilli(q.StartMs), time.UnixMilli(q.EndMs)
	var query promql.Query
	var err error
	if q.StepMs == 0 {
		query, err = engine.NewInstantQuery(background, source, nil, q.Query, start)
	} else {
		query, err = engine.NewRangeQuery(background, source, nil, q.Query, start, end, time.Duration(q.StepMs)*time.Millisecond)
	}
	if err != nil {
		return nil, nil, err
	}
	return query, query.Exec(background), nil
}
