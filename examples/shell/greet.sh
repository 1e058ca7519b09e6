#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A handler for the job type "greet": the job as a line of JSON on standard input, the result on
# standard output, progress on standard error.
set -eu

read -r job
# A real one would ask jq: name=$(printf '%s' "$job" | jq -er '.args[0] | strings')
name=$(printf '%s' "$job" | sed -n 's/.*"args": *\["\([^"\\]*\)"\].*/\1/p')
if [ -z "$name" ]; then
  echo "the name must be a text" >&2
  exit 65 # no use trying again
fi

echo "SLUICE_PROGRESS 50 thinking of $name" >&2
printf '{"hello": "%s", "attempt": %d}\n' "$name" "$SLUICE_ATTEMPT"
