# What the campaigns share: arguments, wafers that go on where they were stopped, tables and pictures.
# To be sourced, with $0 the campaign's own script; sets output, data, epochs and jobs.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
volley=.build/release/volley

# die STATUS WORDS... : says what is wrong and ends the campaign
die() {
    local status="$1"
    shift
    echo "$(basename "$0"): $*" >&2
    exit "$status"
}

# begin NAME ARGUMENT... : reads the arguments that all campaigns take; what is left is in rest
begin() {
    output="runs/$1"
    shift
    data=() epochs=() jobs=() rest=()
    while [ $# -gt 0 ]; do
        case "$1" in
            --output | --data | --epochs | --jobs)
                [ $# -gt 1 ] || die 64 "$1 needs a value"
                case "$1" in
                    --output) output="$(realpath -m "$2")" ;;
                    --data) data=(--data "$(realpath -m "$2")") ;;
                    --epochs) epochs=(--epochs "$2") ;;
                    --jobs) jobs=(--jobs "$2") ;;
                esac
                shift 2
                ;;
            -h | --help)
                # The comment at the head of the script is its help.
                sed -n '2,/^[^#]/{/^#/s/^# \{0,1\}//p}' "$here/$(basename "$0")"
                exit 0
                ;;
            -*) die 64 "there is no option $1; try --help" ;;
            *)
                rest+=("$1")
                shift
                ;;
        esac
    done
    # From here on paths are those of the repository.
    cd "$here/../.."
    [ -x "$volley" ] || die 69 "$volley is missing: make build"
    SECONDS=0
}

# say WORDS... : a line with the time since the start
say() { printf '%3d:%02d  %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$*"; }

# wafer NAME ARGUMENT... : a wafer in its own folder; one that is there is taken up, and not repeated where it is done
wafer() {
    local folder="$output/$1"
    say "$1"
    shift
    local arguments=("$@" --output "$folder")
    [ ! -e "$folder/wafer.json" ] || arguments=(--resume "$folder")
    "$volley" wafer "${arguments[@]}" ${jobs[@]+"${jobs[@]}"} ${data[@]+"${data[@]}"} \
        >"$folder.log" 2>&1 || {
        local status=$?
        tail -n 5 "$folder.log" >&2
        die "$status" "the wafer $folder failed; see $folder.log"
    }
}

# train NAME ARGUMENT... : a run in its own folder, likewise
train() {
    local folder="$output/$1"
    say "$1"
    shift
    [ ! -e "$folder/summary.json" ] || return 0
    local arguments=("$@" --output "$folder")
    [ ! -e "$folder/run.json" ] || arguments=(--resume "$folder")
    "$volley" train "${arguments[@]}" ${data[@]+"${data[@]}"} >"$folder.log" 2>&1 || {
        local status=$?
        tail -n 5 "$folder.log" >&2
        die "$status" "the run $folder failed; see $folder.log"
    }
}

# rows NAME FIELDS : the chips of a wafer as rows "FIELDS,serial,test_accuracy"
rows() {
    awk -F, -v fields="$2" 'NR > 1 && $2 != "" { print fields "," $1 "," $2 }' "$output/$1/wafer.csv"
}

# plot ARGUMENT... : prints the campaign's table and draws its picture
plot() { "$volley" plot "$output/results.csv" -o "$output/results.svg" "$@"; }
