using System.Diagnostics;
using System.Text;

namespace PyNetSharp.Tests;

/// <summary>The text of a stream, read as it is written: the writer never waits for a full pipe.</summary>
internal sealed class CapturedOutput
{
    private readonly StringBuilder text = new();
    private readonly Task reading;
    private bool isClosed;

    public CapturedOutput(Stream stream) => reading = Task.Run(() => Read(new StreamReader(stream, Encoding.UTF8)));

    /// <summary>The text until now.</summary>
    public string Text
    {
        get
        {
            lock (text) return text.ToString();
        }
    }

    /// <summary>The number of occurrences of a text until now.</summary>
    public int Count(string wanted) => Text.Split(wanted).Length - 1;

    /// <summary>Waits for the end of the stream.</summary>
    public bool WaitForEnd(TimeSpan limit) => reading.Wait(limit);

    /// <summary>
    /// Waits until a text has occurred a number of times; false after the timeout, or if the stream has ended.
    /// </summary>
    public bool WaitFor(string wanted, int times, TimeSpan limit)
    {
        var waiting = Stopwatch.StartNew();
        lock (text)
        {
            while (Count(wanted) < times)
                if (isClosed || limit - waiting.Elapsed is not { Ticks: > 0 } left || !Monitor.Wait(text, left))
                    return Count(wanted) >= times;
        }

        return true;
    }

    private void Read(StreamReader reader)
    {
        var buffer = new char[4096];
        try
        {
            while (reader.Read(buffer) is > 0 and var count)
                lock (text)
                {
                    text.Append(buffer, 0, count);
                    Monitor.PulseAll(text);
                }
        }
        catch (Exception fault) when (fault is IOException or ObjectDisposedException)
        {
            // Linux reports the end of a pseudo-terminal as an error.
        }

        lock (text)
        {
            isClosed = true;
            Monitor.PulseAll(text);
        }
    }
}
