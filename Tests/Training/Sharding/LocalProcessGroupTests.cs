using NUnit.Framework;

namespace PyNetSharp.Tests;

public sealed class LocalProcessGroupTests
{
    [Test]
    public void Sums_are_those_of_a_binary_tree_on_every_rank([Values(1, 2, 3, 4, 5)] int size)
    {
        float[] values = [1f, 1e-8f, -1f, 3e-8f, 1e-8f];
        float[] expected =
        [
            values[0], values[0] + values[1], values[0] + values[1] + values[2],
            (values[0] + values[1]) + (values[2] + values[3]),
            ((values[0] + values[1]) + (values[2] + values[3])) + values[4],
        ];
        var sums = LocalProcessGroup.Run(size, group =>
        {
            float[] own = [values[group.Rank], group.Rank];
            group.AllReduce(own);
            return own;
        });
        foreach (var sum in sums)
            Assert.That(sum, Is.EqualTo(new[] { expected[size - 1], size * (size - 1) / 2f }));
    }

    [Test]
    public void Bytes_are_gathered_in_the_order_of_ranks_and_broadcast_from_rank_0()
    {
        var results = LocalProcessGroup.Run(3, group =>
        {
            var (all, one) = (new byte[6], new[] { (byte)(group.Rank + 7) });
            group.AllGather([(byte)group.Rank, 9], all);
            group.Broadcast(one);
            return (all, one[0]);
        });
        foreach (var (all, one) in results)
        {
            Assert.That(all, Is.EqualTo(new byte[] { 0, 9, 1, 9, 2, 9 }));
            Assert.That(one, Is.EqualTo(7));
        }
    }

    [Test]
    public void A_rank_that_ends_makes_the_others_throw_and_its_own_fault_is_reported()
    {
        var fault = Assert.Throws<AggregateException>(() => LocalProcessGroup.Run<int>(3, group =>
        {
            if (group.Rank == 1) throw new InvalidDataException("rank 1");
            group.AllReduce([1]);
            return 0;
        }))!;
        Assert.That(fault.InnerExceptions.Single(), Is.TypeOf<InvalidDataException>());
    }
}
