# shellcheck shell=bash
# SPDX-License-Identifier: BSD-3-Clause
# Sourced by ./demo and ./check: missing packages, and steps that show their progress.

# need_packages PROBE=PACKAGE...: installs the Debian packages whose PROBE is not there. A probe is
# a command, a header as <name.h>, or a path (patterns allowed).
need_packages() {
    local pair probe missing=()
    for pair in "$@"; do
        probe=${pair%%=*}
        case $probe in
        \<*) echo "#include $probe" | cc -E - >/dev/null 2>&1 ;;
        /*) compgen -G "$probe" >/dev/null ;;
        *) command -v "$probe" >/dev/null ;;
        esac || missing+=("${pair#*=}")
    done
    [[ ${#missing[@]} -gt 0 ]] || return 0

    local as_root=()
    [[ $(id -u) -eq 0 ]] || as_root=(sudo -n)
    if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
        echo "Please install what these Debian packages hold, then run this again:"
        echo "    ${missing[*]}"
        return 1
    fi
    echo "Installing ${missing[*]}" | tee -a /dev/fd/3
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y
        -o DPkg::Lock::Timeout=300)
    "${apt[@]}" update && "${apt[@]}" install --no-install-recommends "${missing[@]}"
}

# run_steps STEP...: runs the function step_STEP of each, with a line of progress. A step's output
# goes to build/log/STEP; what it writes to descriptor 3 is shown, and if it fails, everything.
# Without its packages nothing else can run. Sets steps_passed and steps_failed.
run_steps() {
    local number=0 width=${##} step label log rc started
    steps_passed=0 steps_failed=0
    mkdir -p build/log
    for step in "$@"; do
        number=$((number + 1))
        label=$(printf '[%*d/%d] %-13s' "$width" $number $# "$step")
        log=build/log/$step started=$SECONDS
        : >"$log"
        start_ticker "$label" "$log"
        set +e
        (set -e; "step_$step") >"$log" 2>&1 3>"$log.shown" </dev/null
        rc=$?
        set -e
        stop_ticker
        if [[ $rc -eq 0 ]]; then
            steps_passed=$((steps_passed + 1))
            printf '%s ok     %4d s\n' "$label" $((SECONDS - started))
            sed 's/^/    /' "$log.shown"
        else
            steps_failed=$((steps_failed + 1))
            cat "$log.shown" "$log" | sed 's/^/    /'
            printf '%s FAILED %4d s, its output is above\n' "$label" $((SECONDS - started))
            [[ $step != packages ]] || break
        fi
    done
}

# start_ticker LABEL LOG: on a terminal, shows the seconds so far and the last line of the log.
ticker=
start_ticker() {
    if [[ ! -t 1 ]]; then
        echo "$1 started"
        return
    fi
    local started=$SECONDS
    while true; do
        printf '\r\e[K%s %4d s  %.50s' "$1" $((SECONDS - started)) "$(tail -n 1 "$2")"
        sleep 0.3
    done &
    ticker=$!
    trap stop_ticker EXIT
}

stop_ticker() {
    [[ -n $ticker ]] || return 0
    kill $ticker
    wait $ticker 2>/dev/null || true
    ticker=
    printf '\r\e[K'
}
