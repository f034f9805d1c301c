# The same as smoke.sh, for Windows.
$ErrorActionPreference = 'Stop'
foreach ($name in 'SERVICE_ROLLCALL_ENDPOINT_URL', 'SERVICE_ROLLCALL_NAME', 'AZURE_RESOURCE_GROUP') {
    $value = [Environment]::GetEnvironmentVariable($name)
    if (-not $value) { throw "$name is not set: run this by azd hooks run postdeploy" }
    Set-Variable -Name $name -Value $value
}
$health = "$($SERVICE_ROLLCALL_ENDPOINT_URL.TrimEnd('/'))/api/health"
$seconds = if ($env:SMOKE_SECONDS) { [int]$env:SMOKE_SECONDS } else { 600 }
$started = Get-Date

while ($true) {
    try {
        $answer = Invoke-WebRequest -Uri $health -TimeoutSec 30 -SkipHttpErrorCheck
        if ($answer.StatusCode -eq 200) { "Rollcall is well: $health answered 200."; exit 0 }
        $said = "$($answer.StatusCode) $($answer.Content)"
    }
    catch { $said = "no answer" }
    $waited = [int]((Get-Date) - $started).TotalSeconds
    "After $waited s $health said: $said"
    if ($waited -ge $seconds) { break }
    Start-Sleep -Seconds 10
}

"Rollcall is not well. $health/details says:"
$key = try {
    az functionapp keys list --resource-group $AZURE_RESOURCE_GROUP --name $SERVICE_ROLLCALL_NAME --query functionKeys.default --output tsv
}
catch { Write-Warning $_ }
if (-not $key) {
    "(not read: az gave no function key. Sign in with az login, then azd hooks run postdeploy.)"
}
else {
    (Invoke-WebRequest -Uri "$health/details" -Headers @{ 'x-functions-key' = $key } -TimeoutSec 60 -SkipHttpErrorCheck).Content
}
"Logs: azd monitor --logs. What each part needs: infra/README.md."
exit 1
