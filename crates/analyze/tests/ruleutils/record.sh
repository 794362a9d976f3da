#!/bin/bash
# Writes the .golden files beside this script, asking a PostgreSQL 18 (psql's arguments say which,
# its role must be a superuser): tests/ruleutils/record.sh -h localhost -U postgres
set -euo pipefail
cd "$(dirname "$0")"
database=medley_golden
psql=(psql -X -q -A -t -v ON_ERROR_STOP=1 "$@")
"${psql[@]}" -d postgres -c "DROP DATABASE IF EXISTS $database" -c "CREATE DATABASE $database"
"${psql[@]}" -d "$database" -f setup.sql -f record.sql
for subject in select join subquery function layout expression; do
    function=golden_view
    [ "$subject" = expression ] && function=golden_expression
    {
        echo "SET TimeZone = 'UTC';"
        while IFS= read -r line; do
            [ -n "$line" ] && echo "SELECT E'\n> ' || \$golden\$$line\$golden\$ || E'\n' || $function(\$golden\$$line\$golden\$);"
        done < "$subject.sql" || true
    } | "${psql[@]}" -d "$database" | tail -n +2 > "$subject.golden"
done
"${psql[@]}" -d postgres -c "DROP DATABASE $database"
