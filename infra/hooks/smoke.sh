#!/bin/sh
# Wait until the deployed app answers that it is well; else say what is wrong with it, and fail.
# azd runs it after deploying; by hand: `azd hooks run postdeploy`. Role assignments take some minutes
# to work, so a first deployment is unwell at first. SMOKE_SECONDS: how long to wait.
set -eu

incomplete="is not set: run this by azd hooks run postdeploy"
: "${SERVICE_ROLLCALL_ENDPOINT_URL:?$incomplete}" "${SERVICE_ROLLCALL_NAME:?$incomplete}" "${AZURE_RESOURCE_GROUP:?$incomplete}"
health="${SERVICE_ROLLCALL_ENDPOINT_URL%/}/api/health"
started="$(date +%s)"
answer="$(mktemp)"
trap 'rm -f "$answer"' EXIT

while :; do
  : >"$answer"
  said="$(curl --silent --max-time 30 --output "$answer" --write-out '%{http_code}' "$health")" || said="no answer"
  if [ "$said" = 200 ]; then
    echo "Rollcall is well: $health answered 200."
    exit 0
  fi
  waited=$(($(date +%s) - started))
  echo "After $waited s $health said: $said $(head -c 300 "$answer")"
  [ "$waited" -lt "${SMOKE_SECONDS:-600}" ] || break
  sleep "${SMOKE_PAUSE:-10}"
done

# The key goes through a pipe: the arguments of a process are visible to all on its machine.
echo "Rollcall is not well. $health/details says:"
if key="$(az functionapp keys list --resource-group "$AZURE_RESOURCE_GROUP" --name "$SERVICE_ROLLCALL_NAME" --query functionKeys.default --output tsv)"; then
  printf 'x-functions-key: %s' "$key" | curl --silent --show-error --max-time 60 --header @- "$health/details" || true
  echo
else
  echo "(not read: az gave no function key. Sign in with az login, then azd hooks run postdeploy.)"
fi
echo "Logs: azd monitor --logs. What each part needs: infra/README.md."
exit 1
