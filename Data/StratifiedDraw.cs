namespace PyNetSharp.Data;

/// <summary>Draws items at random so that each class has its share of them.</summary>
internal static class StratifiedDraw
{
    /// <summary>Draws without replacement.</summary>
    /// <param name="labels">The class of each item, from 0 up.</param>
    /// <param name="count">How many to draw; at most all.</param>
    /// <param name="rng">Decides which.</param>
    /// <returns>
    /// For each item whether it was drawn. Of a class of n of N items, n·count/N are, rounded up or down.
    /// </returns>
    public static bool[] Draw(ReadOnlySpan<int> labels, int count, Rng rng)
    {
        var items = new int[labels.Length];
        for (var i = 0; i < items.Length; i++) items[i] = i;
        rng.Shuffle(items.AsSpan());

        var classes = new Dictionary<int, List<int>>();
        foreach (var item in items)
        {
            if (!classes.TryGetValue(labels[item], out var members)) classes.Add(labels[item], members = []);
            members.Add(item);
        }

        // The whole part of each share first; what is left goes to the largest remainders, ties in a drawn order.
        var shares = classes.Values.Select(members => (Members: members, Share: (long)members.Count * count)).ToArray();
        var left = count - (int)shares.Sum(share => share.Share / items.Length);
        var rounded = shares.OrderByDescending(share => share.Share % items.Length).Take(left).ToHashSet();
        var isDrawn = new bool[items.Length];
        foreach (var share in shares)
        {
            var n = (int)(share.Share / items.Length) + (rounded.Contains(share) ? 1 : 0);
            foreach (var item in share.Members.Take(n)) isDrawn[item] = true;
        }

        return isDrawn;
    }
}
