# The same as next_steps.sh, for Windows.
$ErrorActionPreference = 'Stop'
$graphApp = '00000003-0000-0000-c000-000000000000'
foreach ($name in 'BOT_APP_ID', 'BOT_TRUST', 'GRAPH_ROLES', 'ORGANIZER_ID') {
    $value = [Environment]::GetEnvironmentVariable($name)
    if (-not $value) { throw "$name is not set: run this by azd hooks run postprovision" }
    Set-Variable -Name $name -Value $value
}

"Still to do by hand:"
@"

A Teams administrator lets the bot make meetings for its organizer, once. It takes up to 30 minutes to
work. In PowerShell, with the module MicrosoftTeams, after Connect-MicrosoftTeams:

  New-CsApplicationAccessPolicy -Identity Rollcall -AppIds "$BOT_APP_ID" -Description Rollcall
  Grant-CsApplicationAccessPolicy -PolicyName Rollcall -Identity "$ORGANIZER_ID"
"@

$createCredential = "az ad app federated-credential create --id $BOT_APP_ID --parameters '$BOT_TRUST'"
$consent = "az ad app permission admin-consent --id $BOT_APP_ID"

function Invoke-Az {
    $answer = az @args 2>$null
    if ($LASTEXITCODE) { throw "az $args" }
    $answer
}

try {
    $graph = (Invoke-Az cloud show --query endpoints.microsoftGraphResourceId --output tsv).TrimEnd('/')
    $roles = Invoke-Az ad sp show --id $graphApp --query 'appRoles[].[value, id]' --output tsv
    $principal = Invoke-Az ad sp show --id $BOT_APP_ID --query id --output tsv
    $granted = Invoke-Az rest --method get --query 'value[].appRoleId' --output tsv `
        --url "$graph/v1.0/servicePrincipals/$principal/appRoleAssignments"
    $subjects = Invoke-Az ad app federated-credential list --id $BOT_APP_ID --query '[].subject' --output tsv
}
catch {
    @"

az did not answer what the bot may do: it is not installed, not signed in, or may not read the
directory. Where createBotApp was true, the deployment did all that follows. Else an administrator
adds the application permissions $GRAPH_ROLES to the app registration, then runs:

  az ad sp create --id $BOT_APP_ID
  $createCredential
  $consent
"@
    exit 0
}

$commands = @()
if (-not ($subjects | Where-Object { $BOT_TRUST.Contains($_) })) { $commands += $createCredential }
$missing = @()
foreach ($name in $GRAPH_ROLES -split ' ') {
    $id = ($roles | Where-Object { $_.StartsWith("$name`t") }) -replace '^.*\t'
    if (-not $id) { throw "$name is no application permission of Microsoft Graph" }
    if ($granted -notcontains $id) {
        $missing += $name
        $commands += "az ad app permission add --id $BOT_APP_ID --api $graphApp --api-permissions $id=Role"
    }
}
if ($missing) { $commands += $consent }

if (-not $commands) {
    "`nThe bot has its federated credential and every permission: $GRAPH_ROLES."
}
else {
    $lacks = if ($missing) { " (permissions: $missing)" }
    "`nAn administrator of the directory gives the bot what it lacks${lacks}:`n"
    $commands | ForEach-Object { "  $_" }
}
