#!/bin/sh
# Coverage-guided search for faults of the readers: fuzz.sh MINUTES [FORMAT]
# Instruments a copy of the built tests with SharpFuzz (dotnet tool, MIT license) and runs CoverageGuidedTests there.
# Build the tests first: dotnet build Tests -c Release -p:CompileReadyToRun=false
set -eu
tests=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$tests/bin/Release/net10.0" "$work/app"
cd "$work"
dotnet new tool-manifest > /dev/null
dotnet tool install SharpFuzz.CommandLine --version 2.3.0 > /dev/null
for assembly in PyNetSharp.Layers PyNetSharp.Data PyNetSharp.Models pynet; do
    dotnet tool run sharpfuzz "app/$assembly.dll"
done
find "${NUGET_PACKAGES:-$HOME/.nuget/packages}/sharpfuzz.commandline" -name SharpFuzz.Common.dll | head -n 1 |
    xargs -I{} cp {} app/
filter="FullyQualifiedName~CoverageGuidedTests"
if [ $# -gt 1 ]; then filter="$filter&Name~$2"; fi
PYNET_FUZZ_MINUTES="$1" dotnet test app/PyNetSharp.Tests.dll --filter "$filter" --logger "console;verbosity=detailed"
