#!/bin/sh
# Print what no template can do, with the ids of this deployment. azd runs it after provisioning, with
# the outputs of main.bicep in the environment; by hand: `azd hooks run postprovision`.
set -eu

graph_app=00000003-0000-0000-c000-000000000000 # Microsoft Graph, in every tenant
incomplete="is not set: run this by azd hooks run postprovision"
: "${BOT_APP_ID:?$incomplete}" "${BOT_TRUST:?$incomplete}" "${GRAPH_ROLES:?$incomplete}" "${ORGANIZER_ID:?$incomplete}"

echo "Still to do by hand:"
cat <<TEXT

A Teams administrator lets the bot make meetings for its organizer, once. It takes up to 30 minutes to
work. In PowerShell, with the module MicrosoftTeams, after Connect-MicrosoftTeams:

  New-CsApplicationAccessPolicy -Identity Rollcall -AppIds "$BOT_APP_ID" -Description Rollcall
  Grant-CsApplicationAccessPolicy -PolicyName Rollcall -Identity "$ORGANIZER_ID"
TEXT

create_credential="az ad app federated-credential create --id $BOT_APP_ID --parameters '$BOT_TRUST'"
consent="az ad app permission admin-consent --id $BOT_APP_ID"

# Prints the ids of the permissions that the bot holds, one a line; fails where az may not read them.
granted_ids() {
  graph="$(az cloud show --query endpoints.microsoftGraphResourceId --output tsv)" &&
    principal="$(az ad sp show --id "$BOT_APP_ID" --query id --output tsv)" &&
    az rest --method get --query 'value[].appRoleId' --output tsv \
      --url "${graph%/}/v1.0/servicePrincipals/$principal/appRoleAssignments"
}

if ! { roles="$(az ad sp show --id "$graph_app" --query 'appRoles[].[value, id]' --output tsv)" &&
  granted="$(granted_ids)" &&
  subjects="$(az ad app federated-credential list --id "$BOT_APP_ID" --query '[].subject' --output tsv)"; } 2>/dev/null; then
  cat <<TEXT

az did not answer what the bot may do: it is not installed, not signed in, or may not read the
directory. Where createBotApp was true, the deployment did all that follows. Else an administrator
adds the application permissions $GRAPH_ROLES to the app registration, then runs:

  az ad sp create --id $BOT_APP_ID
  $create_credential
  $consent
TEXT
  exit 0
fi

commands=""
note() {
  commands="$commands
  $1"
}

trusted=no
for subject in $subjects; do
  case "$BOT_TRUST" in *"$subject"*) trusted=yes ;; esac
done
[ "$trusted" = yes ] || note "$create_credential"

missing=""
for name in $GRAPH_ROLES; do
  id="$(printf '%s\n' "$roles" | awk -v name="$name" '$1 == name { print $2 }')"
  : "${id:?$name is no application permission of Microsoft Graph}"
  case "$granted" in
    *"$id"*) ;;
    *)
      missing="$missing $name"
      note "az ad app permission add --id $BOT_APP_ID --api $graph_app --api-permissions $id=Role"
      ;;
  esac
done
[ -z "$missing" ] || note "$consent"

if [ -z "$commands" ]; then
  printf '\nThe bot has its federated credential and every permission: %s.\n' "$GRAPH_ROLES"
else
  printf '\nAn administrator of the directory gives the bot what it lacks%s:\n%s\n' "${missing:+ (permissions:$missing)}" "$commands"
fi
