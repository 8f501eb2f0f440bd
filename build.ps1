#Requires -Version 7.2
<#
.SYNOPSIS
Restores, builds, checks, tests and packs ZeroCopy.Akka.
.DESCRIPTION
The same steps as the continuous integration, plus pack. Stops at the first step that fails, with its exit code.
.PARAMETER Target
The last step to run: Restore, Build, Format, Test or Pack. Every step before it runs first.
.PARAMETER Configuration
Debug or Release.
.PARAMETER TorchBackend
Which libtorch to build with: cpu (default), cuda-windows or cuda-linux.
.PARAMETER Output
Folder for the packages.
.EXAMPLE
./build.ps1
.EXAMPLE
./build.ps1 -Target Pack -Configuration Release -TorchBackend cuda-windows
#>
[CmdletBinding()]
param(
    [ValidateSet('Restore', 'Build', 'Format', 'Test', 'Pack')]
    [string] $Target = 'Pack',

    [ValidateSet('Debug', 'Release')]
    [string] $Configuration = 'Debug',

    [ValidateSet('cpu', 'cuda-windows', 'cuda-linux')]
    [string] $TorchBackend = 'cpu',

    [string] $Output = (Join-Path $PSScriptRoot 'artifacts')
)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$solution = Join-Path $PSScriptRoot 'ZeroCopy.Akka.sln'
$backend = "-p:TorchBackend=$TorchBackend"
$steps = @(
    @{ Name = 'Restore'; Arguments = @('restore', $solution, $backend) }
    @{ Name = 'Build'; Arguments = @('build', $solution, '--no-restore', '--configuration', $Configuration, $backend) }
    @{ Name = 'Format'; Arguments = @('format', $solution, '--no-restore', '--verify-no-changes') }
    @{ Name = 'Test'; Arguments = @('test', $solution, '--no-build', '--configuration', $Configuration, $backend) }
    @{ Name = 'Pack'; Arguments = @('pack', $solution, '--no-build', '--configuration', $Configuration, '--output', $Output, $backend) }
)

foreach ($step in $steps) {
    Write-Information "== $($step.Name)" -InformationAction Continue
    $arguments = $step.Arguments
    & dotnet @arguments
    if ($LASTEXITCODE -ne 0) {
        Write-Error "$($step.Name) failed with exit code $LASTEXITCODE." -ErrorAction Continue
        exit $LASTEXITCODE
    }

    if ($step.Name -eq $Target) {
        break
    }
}
