using PyNetSharp.Training;

namespace PyNetSharp.Train;

/// <summary>What is said where outputs have died, of a whole network or of some classes.</summary>
internal static class DeadOutputs
{
    /// <summary>What may be changed.</summary>
    public const string Options = "The options are --lr, --init, --seed and --schedule.";

    /// <summary>What it means that so many classes are among <see cref="Evaluation.ConstantClasses"/>.</summary>
    public static string Describe(int classes) => classes == 1
        ? "the score of 1 class does not depend on the item: its output is dead"
        : $"the scores of {classes} classes do not depend on the item: their outputs are dead";
}
