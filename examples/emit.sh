#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Phases and values of a run from a shell. Without a run around it, `ullage emit` does nothing and succeeds.
set -e

ullage emit phase load begin
for shard in 0 1 2 3; do
  ullage emit gauge queue_depth $((4 - shard)) shard=$shard
  ullage emit counter rows_total +500
done
ullage emit phase load end
ullage emit event "loaded $(basename "$0")"
