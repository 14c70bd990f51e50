namespace PyNetSharp;

internal sealed partial class MatMul
{
    static partial void RunOnGpu(Tensor a, bool ta, Tensor b, bool tb, Tensor y)
    {
        var ((m, k), (_, n)) = (Extents(a.Shape, ta), Extents(b.Shape, tb));
        if (Fours.Fit(ta ? m : k, tb ? k : n) && n % 4 == 0) Multiply<Fours>();
        else Multiply<Singles>();

        void Multiply<TWidth>() where TWidth : struct, IWidth
        {
            switch (ta, tb)
            {
                case (false, false): Run<TWidth, MatrixRows<TWidth>, MatrixColumns<TWidth>>(new(a.View, m, k), new(b.View, n, k)); break;
                case (false, true): Run<TWidth, MatrixRows<TWidth>, MatrixRows<TWidth>>(new(a.View, m, k), new(b.View, n, k)); break;
                case (true, false): Run<TWidth, MatrixColumns<TWidth>, MatrixColumns<TWidth>>(new(a.View, m, k), new(b.View, n, k)); break;
                case (true, true): Run<TWidth, MatrixColumns<TWidth>, MatrixRows<TWidth>>(new(a.View, m, k), new(b.View, n, k)); break;
            }
        }

        void Run<TWidth, TLeft, TRight>(TLeft left, TRight right)
            where TWidth : struct, IWidth
            where TLeft : struct, IOperand<MatrixPlace>
            where TRight : struct, IOperand<MatrixPlace> =>
            Products.Run<TWidth, TLeft, MatrixPlace, TRight, MatrixPlace>(left, right, (m, n, k), y);
    }
}
