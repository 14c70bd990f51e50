using System.Diagnostics;
using System.Globalization;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>
/// Another program that a test runs. Each wait has a timeout, after which the test fails with a message.
/// </summary>
internal sealed class ChildProcess : IDisposable
{
    /// <summary>The timeout of a wait; the events take a second or two.</summary>
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

    /// <summary>The standard output until now.</summary>
    public string Output => output.Text;

    /// <summary>Whether the program has ended.</summary>
    public bool HasExited => process.HasExited;

    /// <summary>Starts a program and captures its output.</summary>
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
    /// Skips a test that sends a signal which child processes inherit as ignored: SIGHUP under nohup, SIGINT in the
    /// background of a script.
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
    /// <param name="times">The number of occurrences.</param>
    public void WaitForOutput(string text, int times = 1)
    {
        if (!output.WaitFor(text, times, Limit)) Fail($"print '{text}' {times} times");
    }

    /// <summary>Waits until something is so, or the program has ended.</summary>
    /// <param name="isSo">Called again and again.</param>
    /// <param name="what">What the program is to do, for the message.</param>
    public void WaitFor(Func<bool> isSo, string what)
    {
        var end = DateTime.UtcNow + Limit;
        while (!isSo() && !process.HasExited)
        {
            if (DateTime.UtcNow > end) Fail(what);
            Thread.Sleep(5);
        }
    }

    /// <summary>The number of occurrences of a text in the standard output until now.</summary>
    public int CountInOutput(string text) => output.Count(text);

    /// <summary>The files mapped into the process's memory, which include its assemblies; on Linux only.</summary>
    public string[] LoadedFiles()
    {
        var maps = File.ReadAllLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{process.Id}/maps"));
        return [.. maps.Where(line => line.Contains('/')).Select(line => line[line.IndexOf('/')..]).Distinct()];
    }

    /// <summary>Sends a signal, by its name for the command kill.</summary>
    public void Send(string signal)
    {
        var sent = Kill(signal);
        Assert.That(sent.ExitCode, Is.Zero, sent.Error);
    }

    /// <summary>The same to a program that may have ended by itself.</summary>
    public void SendUnlessEnded(string signal)
    {
        var sent = Kill(signal);
        Assert.That(sent.ExitCode == 0 || process.WaitForExit(Limit), sent.Error);
    }

    /// <summary>Waits for the end of the process and of its output.</summary>
    /// <param name="limit">The timeout; null for <see cref="Limit"/>.</param>
    public Result WaitForEnd(TimeSpan? limit = null)
    {
        if (!process.WaitForExit(limit ?? Limit)) Fail("end");
        if (!output.WaitForEnd(Limit) || !error.WaitForEnd(Limit)) Fail("close its output");
        return new(process.ExitCode, output.Text, error.Text);
    }

    public void Dispose()
    {
        Kill();
        process.Dispose();
    }

    private Result Kill(string signal) =>
        Run("kill", $"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture));

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
