namespace PyNetSharp;

internal sealed partial class MatMul
{
    static partial void RunOnGpu(Tensor a, bool ta, Tensor b, bool tb, Tensor y)
    {
        var ((m, k), (_, n)) = (Extents(a.Shape, ta), Extents(b.Shape, tb));
        switch (ta, tb)
        {
            case (false, false): Run(new MatrixRows(a.View, m, k), new MatrixColumns(b.View, n, k)); break;
            case (false, true): Run(new MatrixRows(a.View, m, k), new MatrixRows(b.View, n, k)); break;
            case (true, false): Run(new MatrixColumns(a.View, m, k), new MatrixColumns(b.View, n, k)); break;
            case (true, true): Run(new MatrixColumns(a.View, m, k), new MatrixRows(b.View, n, k)); break;
        }

        void Run<TLeft, TRight>(TLeft left, TRight right)
            where TLeft : struct, IOperand<MatrixPlace>
            where TRight : struct, IOperand<MatrixPlace> =>
            Products.Run<TLeft, MatrixPlace, TRight, MatrixPlace>(left, right, (m, n, k), y);
    }
}
