using ILGPU;

namespace PyNetSharp.Kernels;

/// <summary>Of each cell of rows and each channel: its mean, rounded, and Σ and Σ² of the deviations from that.</summary>
internal readonly struct BatchNormMomentsKernel(
    ArrayView<float> x, int rows, ColumnReduction columns, int blocks,
    ArrayView<float> centers, ArrayView<float> sums, ArrayView<float> squares) : IGroupKernel
{
    public static int Threads => ColumnReduction.Threads;

    public void Run()
    {
        var lanes = SharedMemory.Allocate<float>(ColumnReduction.Threads);
        int cell = columns.MatrixIndex, channel = columns.Column, depth = (rows + blocks - 1) / blocks;
        int first = cell * depth, end = channel < columns.Extent ? IntrinsicMath.Min(rows, first + depth) : 0;

        var total = new CompensatedSum();
        int row = first + columns.ThreadInColumn, step = columns.ThreadsPerColumn;
        while (row < end)
        {
            var part = 0f;
            for (var stop = CompensatedSum.BlockEnd(row, step, end); row < stop; row += step)
                part += x[row * columns.Extent + channel];
            total.Add(part);
        }

        var center = columns.Sum(lanes, total.Total) / IntrinsicMath.Max(1, end - first);

        CompensatedSum deviations = new(), products = new();
        row = first + columns.ThreadInColumn;
        while (row < end)
        {
            float part = 0, partOfSquares = 0;
            for (var stop = CompensatedSum.BlockEnd(row, step, end); row < stop; row += step)
            {
                var deviation = x[row * columns.Extent + channel] - center;
                part += deviation;
                partOfSquares += deviation * deviation;
            }

            deviations.Add(part);
            products.Add(partOfSquares);
        }

        var sum = columns.Sum(lanes, deviations.Total);
        var square = columns.Sum(lanes, products.Total);
        if (columns.ThreadInColumn > 0 || channel >= columns.Extent) return;
        var at = cell * columns.Extent + channel;
        centers[at] = center;
        sums[at] = sum;
        squares[at] = square;
    }
}

/// <summary>Mean and scale of each channel from its cells; the running statistics, if kept, move towards the batch's.</summary>
internal readonly struct BatchNormCombineMomentsKernel(
    ArrayView<float> centers, ArrayView<float> sums, ArrayView<float> squares, int rows, ColumnReduction columns, int blocks, float eps,
    ArrayView<float> mean, ArrayView<float> invStd,
    int trackRunningStats, float momentum, ArrayView<float> runningMean, ArrayView<float> runningVariance) : IGroupKernel
{
    public static int Threads => ColumnReduction.Threads;

    public void Run()
    {
        var lanes = SharedMemory.Allocate<float>(ColumnReduction.Threads);
        int channel = columns.Column, depth = (rows + blocks - 1) / blocks, end = channel < columns.Extent ? blocks : 0;
        var origin = channel < columns.Extent ? centers[channel] : 0;       // near all centres, so that their sum loses nothing

        var total = 0f;
        for (var cell = columns.ThreadInColumn; cell < end; cell += columns.ThreadsPerColumn)
        {
            var at = cell * columns.Extent + channel;
            total += RowsInBlock(cell, depth) * (centers[at] - origin) + sums[at];
        }

        var average = origin + columns.Sum(lanes, total) / rows;
        var about = 0f;
        for (var cell = columns.ThreadInColumn; cell < end; cell += columns.ThreadsPerColumn)    // about the cell's own centre, and what lies between
        {
            var at = cell * columns.Extent + channel;
            var between = centers[at] - average;
            about += squares[at] + between * (2 * sums[at] + RowsInBlock(cell, depth) * between);
        }

        about = columns.Sum(lanes, about);
        if (about < 0) about = 0;               // rounding may leave a constant channel just below
        if (columns.ThreadInColumn > 0 || channel >= columns.Extent) return;
        mean[channel] = average;
        invStd[channel] = 1 / MathF.Sqrt(about / rows + eps);
        if (trackRunningStats == 0) return;
        runningMean[channel] = (1 - momentum) * runningMean[channel] + momentum * average;
        runningVariance[channel] = (1 - momentum) * runningVariance[channel] + momentum * (about / (rows - 1));
    }

    private float RowsInBlock(int cell, int depth) => IntrinsicMath.Min(depth, rows - cell * depth);
}

/// <summary>Σdy and Σdy·(x − mean) of each cell of rows and each channel.</summary>
internal readonly struct BatchNormBackwardReduceKernel(
    ArrayView<float> dy, ArrayView<float> x, int rows, ColumnReduction columns, int blocks, ArrayView<float> mean,
    ArrayView<float> sums, ArrayView<float> products) : IGroupKernel
{
    public static int Threads => ColumnReduction.Threads;

    public void Run()
    {
        var lanes = SharedMemory.Allocate<float>(ColumnReduction.Threads);
        int cell = columns.MatrixIndex, channel = columns.Column, depth = (rows + blocks - 1) / blocks;
        int first = cell * depth, end = channel < columns.Extent ? IntrinsicMath.Min(rows, first + depth) : 0;
        var center = channel < columns.Extent ? mean[channel] : 0;

        CompensatedSum gradients = new(), correlations = new();
        int row = first + columns.ThreadInColumn, step = columns.ThreadsPerColumn;
        while (row < end)
        {
            float part = 0, partOfProducts = 0;
            for (var stop = CompensatedSum.BlockEnd(row, step, end); row < stop; row += step)
            {
                var at = row * columns.Extent + channel;
                part += dy[at];
                partOfProducts += dy[at] * (x[at] - center);
            }

            gradients.Add(part);
            correlations.Add(partOfProducts);
        }

        var sum = columns.Sum(lanes, gradients.Total);
        var product = columns.Sum(lanes, correlations.Total);
        if (columns.ThreadInColumn > 0 || channel >= columns.Extent) return;
        sums[cell * columns.Extent + channel] = sum;
        products[cell * columns.Extent + channel] = product;
    }
}

/// <summary>Σdy and Σdy·x̂ of each channel from its cells.</summary>
internal readonly struct BatchNormBackwardCombineKernel(
    ArrayView<float> sums, ArrayView<float> products, ColumnReduction columns, int blocks, ArrayView<float> invStd,
    ArrayView<float> sumDy, ArrayView<float> sumDyXhat) : IGroupKernel
{
    public static int Threads => ColumnReduction.Threads;

    public void Run()
    {
        var lanes = SharedMemory.Allocate<float>(ColumnReduction.Threads);
        int channel = columns.Column, end = channel < columns.Extent ? blocks : 0;
        float sum = 0, product = 0;
        for (var cell = columns.ThreadInColumn; cell < end; cell += columns.ThreadsPerColumn)
        {
            sum += sums[cell * columns.Extent + channel];
            product += products[cell * columns.Extent + channel];
        }

        sum = columns.Sum(lanes, sum);
        product = columns.Sum(lanes, product);
        if (columns.ThreadInColumn > 0 || channel >= columns.Extent) return;
        sumDy[channel] = sum;
        sumDyXhat[channel] = product * invStd[channel];
    }
}
