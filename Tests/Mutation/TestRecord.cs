namespace PyNetSharp.Mutation;

/// <summary>What a test did while faults were recorded and none was active.</summary>
/// <param name="Name">In full, with arguments.</param>
/// <param name="Class">Its class's name in full.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Passed">Whether it passed; a test that does not tells nothing.</param>
/// <param name="Faults">The numbers of the faults that it reached.</param>
/// <param name="Kernels">The names of the GPU kernels that it launched, and of their type arguments.</param>
internal sealed record TestRecord(
    string Name, string Class, double Seconds, bool Passed, int[] Faults, string[] Kernels);

/// <summary>A test to run against a fault.</summary>
internal sealed record ChosenTest(string Name, string Class, double Seconds);
