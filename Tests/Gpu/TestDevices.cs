using NUnit.Framework;

namespace PyNetSharp.Tests;

/// <summary>The devices beside the CPU that tests run on, and why one is missing.</summary>
public static class TestDevices
{
    public static string[] Names => ["emulated", "opencl", "cuda"];

    /// <summary>Why there is no such device; null if there is one.</summary>
    public static string? MissingReason(string name) =>
        DeviceCatalog.Gpus.Any(gpu => gpu.Kind == name) ? null
        : $"this machine has no {name} device: {string.Join(", ", DeviceCatalog.Gpus.Select(gpu => gpu.Name))}";

    /// <summary>
    /// Each of the cases on each device; for a device that is missing, one ignored case that says why.
    /// </summary>
    public static IEnumerable<TestCaseData> Each<T>(IEnumerable<T> cases, Func<T, string, bool>? fits = null) =>
        Names.SelectMany(name => MissingReason(name) is { } reason
            ? [new TestCaseData(name, null).SetArgDisplayNames(name).Ignore(reason)]
            : cases.Where(one => fits?.Invoke(one, name) ?? true).Select(one => new TestCaseData(name, one)));

    /// <summary>The devices alone, but one left out.</summary>
    public static IEnumerable<TestCaseData> CasesExcept(string name) =>
        Cases.Where(one => one.Arguments[0] as string != name);

    /// <summary>The devices alone.</summary>
    public static IEnumerable<TestCaseData> Cases => Names.Select(name =>
        MissingReason(name) is { } reason ? new TestCaseData(name).Ignore(reason) : new TestCaseData(name));
}
