# shellcheck shell=bash
# A simulated organization for a script; sourced after common.sh.
#
#     simulator_start BUILD FOLDER [FLAG...]    starts it on a free port; sets the environment of AWS
#                                               clients so that they ask it, and nothing else
#     simulator_set JSON                        turns its knobs
#     simulator_stop                            put it into an EXIT trap

simulator_pid=
simulator_url=

simulator_start() {
    local build=$1 folder=$2 port_file=$2/simulator.port waited=0
    shift 2
    rm -f "$port_file"
    "$build/sim/confhouse-sim" --port 0 --port-file "$port_file" \
        --access-key-id AKIASIMULATED0000001 --secret-access-key simulated-secret-key "$@" >"$folder/simulator.log" 2>&1 &
    simulator_pid=$!
    until [ -s "$port_file" ]; do
        if ! kill -0 "$simulator_pid" 2>/dev/null || [ "$waited" -ge 300 ]; then
            tail -n 5 "$folder/simulator.log" >&2
            die "the simulator did not start: $folder/simulator.log"
        fi
        sleep 0.1
        waited=$((waited + 1))
    done
    simulator_url=http://127.0.0.1:$(cat "$port_file")
    unset "${!AWS_@}" "${!CONFHOUSE_@}" REPORT_BUCKET REPORT_PREFIX
    export AWS_ENDPOINT_URL=$simulator_url AWS_REGION=eu-west-1 AWS_EC2_METADATA_DISABLED=true
    export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
    export AWS_ACCESS_KEY_ID=AKIASIMULATED0000001 AWS_SECRET_ACCESS_KEY=simulated-secret-key
    export no_proxy=127.0.0.1
}

simulator_set() {
    curl -fsS --noproxy '*' -X POST -H 'Content-Type: application/json' -d "$1" \
        "$simulator_url/_sim/control" >/dev/null
}

simulator_stop() {
    [ -z "$simulator_pid" ] || kill "$simulator_pid" 2>/dev/null || true
    [ -z "$simulator_pid" ] || wait "$simulator_pid" 2>/dev/null || true
    simulator_pid=
}
