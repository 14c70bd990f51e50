using ILGPU;

namespace PyNetSharp;

public sealed partial class ScoreLog
{
    private readonly List<int> pending = [];        // the items of each batch on the sheet
    private Tensor? sheet;                          // a row of ScoreNoteKernel.Columns numbers per batch

    partial void NoteOnGpu(Tensor scores, Tensor loss, Labels labels)
    {
        if (pending.Count == Capacity || sheet?.Device != scores.Device) FetchFromGpu();
        if (sheet?.Device != scores.Device) sheet = Tensor.Zeros([Capacity, ScoreNoteKernel.Columns], scores.Device);
        scores.Gpu.Groups(new(1, 1, 1), new ScoreNoteKernel(
            scores.View, labels.ViewOn(scores.Device), loss.View, scores.Shape[1],
            sheet.View.SubView(pending.Count * ScoreNoteKernel.Columns, ScoreNoteKernel.Columns)));
        pending.Add(labels.Count);
    }

    partial void FetchFromGpu()
    {
        if (pending.Count == 0) return;
        var numbers = sheet!.ToArray();
        foreach (var (i, items) in pending.Index())
        {
            var row = numbers.AsSpan(i * ScoreNoteKernel.Columns, ScoreNoteKernel.Columns);
            notes.Add(new(items, row[0], (int)row[1], IsFlat: row[2] == 0 || (items > 1 && row[3] == 0)));
        }

        pending.Clear();
    }
}

/// <summary>A row of the sheet: the loss, and how many rows of scores are right, vary over the classes, differ from the first.</summary>
internal readonly struct ScoreNoteKernel(
    ArrayView<float> scores, ArrayView<int> labels, ArrayView<float> loss, int classes, ArrayView<float> note) : IGroupKernel
{
    public const int Columns = 4;
    private const int Infinity = 0x7F800000;        // its bits; those of every NaN, less the sign, are above

    public static int Threads => 256;

    public void Run()
    {
        var (right, varying, differing) = (SharedMemory.Allocate<int>(256), SharedMemory.Allocate<int>(256), SharedMemory.Allocate<int>(256));
        var lane = Group.IdxX;
        right[lane] = 0;
        varying[lane] = 0;
        differing[lane] = 0;
        for (var item = lane; item < labels.IntLength; item += 256) Count(item, lane, right, varying, differing);
        Group.Barrier();

        for (var half = 128; half > 0; half /= 2)
        {
            if (lane < half)
            {
                right[lane] += right[lane + half];
                varying[lane] += varying[lane + half];
                differing[lane] += differing[lane + half];
            }

            Group.Barrier();
        }

        if (lane != 0) return;
        note[0] = loss[0];
        note[1] = right[0];
        note[2] = varying[0];
        note[3] = differing[0];
    }

    private void Count(int item, int lane, ArrayView<int> right, ArrayView<int> varying, ArrayView<int> differing)
    {
        int start = item * classes, best = 0, nans = 0, varied = 0, differed = 0;
        for (var k = 0; k < classes; k++)
        {
            var score = scores[start + k];
            if (score > scores[start + best]) best = k;
            if ((BitConverter.SingleToInt32Bits(score) & int.MaxValue) > Infinity) nans = 1;
            if (score != scores[start]) varied = 1;
            if (score != scores[k]) differed = 1;
        }

        if (best == labels[item] && nans == 0) right[lane]++;
        varying[lane] += varied;
        differing[lane] += differed;
    }
}
