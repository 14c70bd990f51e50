using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>A pseudo-terminal: receives what a process prints to it, byte for byte.</summary>
internal sealed partial class PseudoTerminal : IDisposable
{
    private readonly FileStream master;
    private readonly SafeFileHandle slave;
    private readonly CapturedOutput printed;

    private PseudoTerminal(int master, int slave, string name)
    {
        this.master = new(new SafeFileHandle(master, ownsHandle: true), FileAccess.Read, bufferSize: 0);
        (this.slave, Name) = (new(slave, ownsHandle: true), name);
        printed = new(this.master);
    }

    /// <summary>The device's path, for a shell to redirect to.</summary>
    public string Name { get; }

    /// <summary>A terminal of a size; the test is skipped where none is available.</summary>
    /// <param name="columns">Its width; 0 for an unknown one.</param>
    /// <param name="rows">Its height.</param>
    public static PseudoTerminal Open(int columns, int rows = TerminalScreen.Rows)
    {
        var name = new byte[256];
        try
        {
            var size = new WindowSize { Columns = (ushort)columns, Rows = (ushort)rows };
            if (OpenPty(out var master, out var slave, name, 0, size) == 0)
                return new(master, slave, Encoding.UTF8.GetString(name.AsSpan(0, Array.IndexOf<byte>(name, 0))));
            Assert.Ignore($"No pseudo-terminal can be opened: {Marshal.GetLastPInvokeErrorMessage()}.");
        }
        catch (Exception fault) when (fault is DllNotFoundException or EntryPointNotFoundException)
        {
            Assert.Ignore($"The C library has no openpty: {fault.Message}");
        }

        throw new InvalidOperationException("Assert.Ignore throws.");
    }

    /// <summary>Waits until a text has been printed.</summary>
    public void WaitFor(string text)
    {
        if (!printed.WaitFor(text, times: 1, ChildProcess.Limit))
            Assert.Fail(
                $"'{text}' was not printed within {ChildProcess.Limit.TotalMinutes} minutes, but:\n{printed.Text}");
    }

    /// <summary>All that was printed, once every process has closed the terminal.</summary>
    public string ReadToEnd()
    {
        slave.Dispose();
        if (!printed.WaitForEnd(ChildProcess.Limit))
            Assert.Fail($"The pseudo-terminal was not closed within {ChildProcess.Limit.TotalMinutes} minutes.");
        return printed.Text;
    }

    public void Dispose()
    {
        slave.Dispose();
        master.Dispose();
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct WindowSize
    {
        public ushort Rows, Columns, Width, Height;
    }

    [LibraryImport("libc", EntryPoint = "openpty", SetLastError = true)]
    private static partial int OpenPty(
        out int master, out int slave, [Out] byte[] name, nint settings, in WindowSize size);
}
