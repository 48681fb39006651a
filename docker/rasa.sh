#!/bin/sh
# Start rasa. Needs DATABASE_URL, TINGSU_ACTIONS_URL, and the token that make-env derives.
set -eu
: "${TINGSU_RASA_TOKEN:?}" "${TINGSU_ACTIONS_URL:?}"
case ${DATABASE_URL:?} in *\?*) more='&' ;; *) more='?' ;; esac
export TINGSU_TRACKER_URL="$DATABASE_URL${more}options=-csearch_path%3Drasa"
# The token joins inside of the process: a command line can be read by everyone on the machine.
exec python -c 'import os, sys
from rasa.__main__ import main
sys.argv += ["--auth-token", os.environ["TINGSU_RASA_TOKEN"]]
main()' run --model models/tingsu.tar.gz --endpoints endpoints.yml --credentials credentials.yml \
    --enable-api --interface 0.0.0.0 --port 5005
