namespace PyNetSharp.Kernels;

internal readonly struct Greater : IBinaryFormula
{
    public T F<T>(T a, T b) where T : struct, IReal<T> =>
        T.SelectGreater(a, b, T.Create(1), T.Create(0));

    public T DA<T>(T a, T b) where T : struct, IReal<T> => T.Create(0);

    public T DB<T>(T a, T b) where T : struct, IReal<T> => T.Create(0);

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue a, OnnxValue b) =>
        graph.Cast(graph.Add("Greater", [a, b]), OnnxGraph.Float32);
}

internal readonly struct GreaterOrEqual : IBinaryFormula
{
    public T F<T>(T a, T b) where T : struct, IReal<T> =>
        T.SelectGreater(a, b, T.Create(1), T.SelectEqual(a, b, T.Create(1), T.Create(0)));

    public T DA<T>(T a, T b) where T : struct, IReal<T> => T.Create(0);

    public T DB<T>(T a, T b) where T : struct, IReal<T> => T.Create(0);

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue a, OnnxValue b) =>
        graph.Cast(graph.Add("GreaterOrEqual", [a, b]), OnnxGraph.Float32);
}

internal readonly struct Less : IBinaryFormula
{
    public T F<T>(T a, T b) where T : struct, IReal<T> =>
        T.SelectGreater(b, a, T.Create(1), T.Create(0));

    public T DA<T>(T a, T b) where T : struct, IReal<T> => T.Create(0);

    public T DB<T>(T a, T b) where T : struct, IReal<T> => T.Create(0);

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue a, OnnxValue b) =>
        graph.Cast(graph.Add("Less", [a, b]), OnnxGraph.Float32);
}

internal readonly struct LessOrEqual : IBinaryFormula
{
    public T F<T>(T a, T b) where T : struct, IReal<T> =>
        T.SelectGreater(b, a, T.Create(1), T.SelectEqual(a, b, T.Create(1), T.Create(0)));

    public T DA<T>(T a, T b) where T : struct, IReal<T> => T.Create(0);

    public T DB<T>(T a, T b) where T : struct, IReal<T> => T.Create(0);

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue a, OnnxValue b) =>
        graph.Cast(graph.Add("LessOrEqual", [a, b]), OnnxGraph.Float32);
}

internal readonly struct EqualTo : IBinaryFormula
{
    public T F<T>(T a, T b) where T : struct, IReal<T> =>
        T.SelectEqual(a, b, T.Create(1), T.Create(0));

    public T DA<T>(T a, T b) where T : struct, IReal<T> => T.Create(0);

    public T DB<T>(T a, T b) where T : struct, IReal<T> => T.Create(0);

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue a, OnnxValue b) =>
        graph.Cast(graph.Add("Equal", [a, b]), OnnxGraph.Float32);
}

internal readonly struct NotEqualTo : IBinaryFormula
{
    public T F<T>(T a, T b) where T : struct, IReal<T> =>
        T.SelectEqual(a, b, T.Create(0), T.Create(1));

    public T DA<T>(T a, T b) where T : struct, IReal<T> => T.Create(0);

    public T DB<T>(T a, T b) where T : struct, IReal<T> => T.Create(0);

    public OnnxValue ToOnnx(OnnxGraph graph, OnnxValue a, OnnxValue b) =>
        graph.Cast(graph.Add("Not", [graph.Add("Equal", [a, b])]), OnnxGraph.Float32);
}
