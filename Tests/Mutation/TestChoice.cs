using System.Text.Json;

namespace PyNetSharp.Mutation;

/// <summary>Which tests can notice a fault, by what they reached when none was active.</summary>
internal sealed class TestChoice
{
    private const double MaxSeconds = 10;               // of tests for one fault, quick ones first

    private readonly TestRecord[] records;
    private readonly ILookup<int, TestRecord> byFault;
    private readonly ILookup<string, TestRecord> byKernel;
    private readonly ILookup<string, string> kernelsByFolder;
    private readonly ILookup<string, Fault> faultsByFile;

    /// <param name="paths">Files of <see cref="TestRecord"/>s, one a line.</param>
    /// <param name="faults">All of the run.</param>
    public TestChoice(IEnumerable<string> paths, IReadOnlyList<Fault> faults)
    {
        records =
        [
            .. paths.SelectMany(File.ReadLines).Select(line => JsonSerializer.Deserialize<TestRecord>(line)!)
                .Where(record => record.Passed),
        ];
        byFault = Pairs(records.SelectMany(record => record.Faults.Select(id => (id, record))));
        byKernel = Pairs(records.SelectMany(record => record.Kernels.Select(kernel => (kernel, record))));
        kernelsByFolder = Pairs(faults.SelectMany(fault => fault.Types.Select(type => (fault.Folder, type))));
        faultsByFile = faults.ToLookup(fault => fault.Path);
    }

    /// <summary>How many tests passed, and their seconds.</summary>
    public (int Count, double Seconds) Total => (records.Length, records.Sum(record => record.Seconds));

    /// <summary>The tests for a fault, the quickest first; none if none reaches it.</summary>
    public ChosenTest[] For(Fault fault)
    {
        var reaching = byFault[fault.Id];
        if (fault.IsStatic) reaching = faultsByFile[fault.Path].SelectMany(near => byFault[near.Id]).Concat(reaching);
        if (fault.IsKernelCode) reaching = reaching.Concat(OnGpu(fault));
        var total = 0.0;
        return
        [
            .. reaching.Distinct().OrderBy(record => record.Seconds)
                .TakeWhile(record => (total += record.Seconds) <= MaxSeconds)
                .Select(record => new ChosenTest(record.Name, record.Class, record.Seconds)),
        ];
    }

    /// <summary>
    /// Those that launch a kernel with the fault's type; of code that several kernels call, the kernels of its folder,
    /// or else all.
    /// </summary>
    private IEnumerable<TestRecord> OnGpu(Fault fault)
    {
        var launching = fault.Types.SelectMany(type => byKernel[type]).ToArray();
        if (launching.Length > 0) return launching;
        var ofFolder = kernelsByFolder[fault.Folder].Distinct().SelectMany(type => byKernel[type]).ToArray();
        return ofFolder.Length > 0 ? ofFolder : byKernel.SelectMany(tests => tests);
    }

    private static ILookup<TKey, TValue> Pairs<TKey, TValue>(IEnumerable<(TKey Key, TValue Value)> pairs) =>
        pairs.ToLookup(pair => pair.Key, pair => pair.Value);
}
