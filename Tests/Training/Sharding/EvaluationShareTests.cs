using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class EvaluationShareTests
{
    /// <summary>More than is exchanged at a time, and not a multiple of it.</summary>
    [Test]
    public void Many_scores_are_gathered_in_the_order_of_one_process([Values(2, 3)] int ranks)
    {
        const int Items = 7, BatchSize = 2, Size = 4_000_003;           // 112 MB
        var items = new TensorDataset(Tensor.Zeros([Items, 1]), new int[Items]);
        var data = new DataLoader(items, BatchSize, shuffle: false);
        var complete = LocalProcessGroup.Run(ranks, group =>
        {
            var share = new EvaluationShare(group, data);
            var scores = new float[Items * Size];
            for (var i = share.Items.First * Size; i < share.Items.End * Size; i++) scores[i] = i % 1_000_033;
            share.GatherItems<float>(scores, Size);
            return Enumerable.Range(0, scores.Length).All(i => scores[i] == i % 1_000_033);
        });
        Assert.That(complete, Is.All.True);
    }
}
