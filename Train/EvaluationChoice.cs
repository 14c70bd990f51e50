namespace PyNetSharp.Train;

/// <summary>Whether a run measures its accuracy on items that it does not train on.</summary>
internal enum EvaluationChoice
{
    /// <summary>As often as the recipe says, and at the end.</summary>
    Always,

    /// <summary>Not at all: the best epoch is that of the highest training accuracy.</summary>
    Never,
}
