#!/usr/bin/env bash
# Runs the Rust tests (rust), the checks with HubSpot's SDK (sdk), the browser tests (browser) or several of them, and ends with
# the line "N passed, N failed". A part that cannot run counts as one failure, and never hides what the others found.
set -uo pipefail
cd "$(dirname "$0")/.."

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
passed=0
failed=0
problems=()

# problem TEXT: notes something that kept tests from running.
problem() {
  problems+=("$1")
  failed=$((failed + 1))
}

# count PASSED FAILED STATUS NAME: adds a part's results; a bad exit without a failed test means that it broke off.
count() {
  passed=$((passed + $1))
  failed=$((failed + $2))
  if (($3 != 0 && $2 == 0)); then
    problem "the $4 tests did not run to their end (exit code $3)"
  elif (($1 + $2 == 0)); then
    problem "no $4 test ran"
  fi
}

rust_tests() {
  local status
  # Not --all-features: the server's and the browser's features exclude each other.
  cargo test --workspace --exclude parlor-frontend --no-fail-fast 2>&1 | tee "$logs/rust"
  status=${PIPESTATUS[0]}
  local sums
  sums=$(awk '/^test result: / { for (field = 2; field <= NF; field++) {
      if ($field == "passed;") passed += $(field - 1)
      if ($field == "failed;") failed += $(field - 1) } }
    END { print passed + 0, failed + 0 }' "$logs/rust")
  # shellcheck disable=SC2086
  count $sums "$status" Rust
}

sdk_tests() {
  local status sums
  if [[ ! -x target/release/parlor ]]; then
    problem "the checks with HubSpot's SDK need target/release/parlor, which could not be built"
    return
  fi
  (cd end2end/sdk && node --import tsx --test --test-concurrency=2 \
    --test-reporter=spec --test-reporter-destination=stdout \
    --test-reporter=tap --test-reporter-destination="$logs/sdk" tests/*.test.ts)
  status=$?
  sums=$(awk '/^# pass / { passed = $3 } /^# (fail|cancelled) / { failed += $3 } END { print passed + 0, failed + 0 }' "$logs/sdk")
  # shellcheck disable=SC2086
  count $sums "$status" SDK
  # What was left out is said here again: HubSpot's descriptions, when they are not there.
  sed -n 's/^ *ok [0-9]* - \(.*\) # SKIP \(.*\)$/sdk: not checked: \1 (\2)/p' "$logs/sdk" | sort -u
}

browser_tests() {
  local status sums
  if [[ ! -x target/release/parlor ]]; then
    problem "the browser tests need target/release/parlor, which could not be built"
    return
  fi
  PLAYWRIGHT_JSON_OUTPUT_NAME=$logs/browser.json PLAYWRIGHT_JSON_OUTPUT_FILE=$logs/browser.json \
    npm --prefix end2end test -- --reporter=list,json
  status=$?
  # A test that passed only when it was tried again is counted as failed: it would fail someone else.
  sums=$(node --print 'const { stats } = JSON.parse(require("fs").readFileSync(process.argv[1]));
    `${stats.expected} ${stats.unexpected + stats.flaky}`' "$logs/browser.json" 2>/dev/null) || sums="0 0"
  # shellcheck disable=SC2086
  count $sums "$status" browser
}

for part in "$@"; do
  case $part in
    rust)
      rust_tests
      ;;
    sdk)
      if setup/node.sh end2end/sdk; then
        sdk_tests
      else
        problem "the checks with HubSpot's SDK could not be set up"
      fi
      ;;
    browser)
      if setup/chromium.sh && setup/proxies.sh && setup/languages.sh && setup/node.sh end2end; then
        browser_tests
      else
        problem "the browser tests could not be set up"
      fi
      ;;
    build)
      make --no-print-directory build || problem "make build failed"
      ;;
    *)
      problem "there is no part called $part"
      ;;
  esac
done

echo
for text in "${problems[@]}"; do
  echo "could not run: $text"
done
echo "$passed passed, $failed failed"
((failed == 0))
