using System.Diagnostics;
using System.Globalization;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>Another program that a test runs. A wait for it has a limit; one in vain names what it was for.</summary>
internal sealed class ChildProcess : IDisposable
{
    /// <summary>How long a test waits; what it waits for takes a second or two.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly Process process;
    private readonly string commandLine;
    private readonly CapturedOutput output, error;

    private ChildProcess(ProcessStartInfo start)
    {
        commandLine = string.Join(' ', start.ArgumentList.Prepend(start.FileName));
        process = Process.Start(start)!;
        (output, error) = (new(process.StandardOutput.BaseStream), new(process.StandardError.BaseStream));
    }

    /// <summary>Starts a program; what it prints is kept as it comes.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">There is no such program.</exception>
    public static ChildProcess Start(ProcessStartInfo start)
    {
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        return new(start);
    }

    /// <summary>Starts a program and waits for its end.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">There is no such program.</exception>
    public static Result Run(string program, params IEnumerable<string> arguments)
    {
        using var child = Start(new(program, arguments));
        return child.WaitForEnd();
    }

    /// <summary>
    /// Skips a test that sends a signal which the processes that are started here ignore from the outset: SIGHUP under
    /// nohup, SIGINT in the background of a script.
    /// </summary>
    /// <param name="signal">HUP, INT or TERM.</param>
    public static void SkipIfIgnored(string signal)
    {
        const string Mask = "SigIgn:";
        if (!File.Exists("/proc/self/status")) return;
        var line = File.ReadLines("/proc/self/status").First(line => line.StartsWith(Mask, StringComparison.Ordinal));
        var digits = line[Mask.Length..].Trim();
        var mask = ulong.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        var number = signal switch { "HUP" => 1, "INT" => 2, _ => 15 };
        if ((mask >> (number - 1) & 1) != 0)
            Assert.Ignore($"SIG{signal} is ignored here, as under nohup or in a script's background.");
    }

    /// <summary>Waits until a text has been printed to the standard output.</summary>
    /// <param name="text">The text.</param>
    /// <param name="times">How often it must be there.</param>
    public void WaitForOutput(string text, int times = 1)
    {
        if (!output.WaitFor(text, times, Limit)) Fail($"print '{text}' {times} times");
    }

    /// <summary>How often a text has been printed to the standard output until now.</summary>
    public int CountInOutput(string text) => output.Count(text);

    /// <summary>The files that the process has in its memory now, its assemblies among them; on Linux only.</summary>
    public string[] LoadedFiles()
    {
        var maps = File.ReadAllLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Id}/maps"));
        return [.. maps.Where(line => line.Contains('/')).Select(line => line[line.IndexOf('/')..]).Distinct()];
    }

    /// <summary>Sends a signal, by the name that the command kill knows.</summary>
    public void Send(string signal)
    {
        var sent = Run("kill", $"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture));
        Assert.That(sent.ExitCode, Is.Zero, sent.Error);
    }

    /// <summary>Waits for the end of the process, and of all that it prints.</summary>
    public Result WaitForEnd()
    {
        if (!process.WaitForExit(Limit)) Fail("end");
        if (!output.WaitForEnd(Limit) || !error.WaitForEnd(Limit)) Fail("close its output");
        return new(process.ExitCode, output.Text, error.Text);
    }

    public void Dispose()
    {
        Kill();
        process.Dispose();
    }

    private void Kill()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
    }

    private void Fail(string what)
    {
        Kill();
        Assert.Fail(
            $"'{commandLine}' did not {what} within {Limit.TotalMinutes} minutes. It had printed:\n{output.Text}\n" +
            $"and as errors:\n{error.Text}");
    }

    /// <summary>How a process ended.</summary>
    public sealed record Result(int ExitCode, string Output, string Error);
}
