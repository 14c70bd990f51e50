using PyNetSharp.Data;
using PyNetSharp.Layers;
using PyNetSharp.Optimizers;

namespace PyNetSharp.Training;

/// <summary>Finds at the start what would fail silently in training, or only at the end of an epoch.</summary>
internal sealed class TrainingChecks
{
    private readonly Module model;
    private readonly DataLoader train;
    private readonly Optimizer optimizer;
    private readonly HashSet<Parameter> knownParameters;

    /// <exception cref="ArgumentException">The model has no parameters.</exception>
    public TrainingChecks(Module model, DataLoader train, Optimizer optimizer)
    {
        (this.model, this.train, this.optimizer, knownParameters) = (model, train, optimizer, [.. model.Parameters()]);
        if (knownParameters.Count == 0)
            throw new ArgumentException(
                $"Trainer: {model.GetType().Name} has no parameters, so there is nothing to train.", nameof(model));
    }

    /// <summary>
    /// Whether no module is in training mode. Otherwise those that are not were switched by the user, or are frozen.
    /// </summary>
    public bool IsWholeModelInEvaluation => !model.Descendants().Any(descendant => descendant.Module.Training);

    /// <summary>The loss to measure: cross-entropy where none was given and the items have labels.</summary>
    /// <exception cref="ArgumentException">None was given, and the items have values.</exception>
    public static ILoss LossFor(DataLoader data, ILoss? loss, string user) =>
        loss ?? (data.HasLabels
            ? new CrossEntropyLoss()
            : throw new ArgumentException(
                $"{user}: the targets are values of shape {data.TargetShape}; give a loss, as new MSELoss().",
                nameof(loss)));

    /// <exception cref="ArgumentException">The training items and others have targets of different kinds.</exception>
    public static void CheckTargets(DataLoader train, DataLoader? test, string name = "test")
    {
        if (test is null) return;
        if (test.HasLabels == train.HasLabels && test.HasLabelPerItem == train.HasLabelPerItem) return;
        throw new ArgumentException(
            $"Trainer: the targets of training items are {Kind(train)} of shape {train.TargetShape}, those of {name} " +
            $"items {Kind(test)} of shape {test.TargetShape}.", name);

        static string Kind(DataLoader data) => data.HasLabels ? "labels" : "values";
    }

    /// <exception cref="InvalidOperationException">The optimizer trains none of the model's parameters.</exception>
    public void CheckOptimizer()
    {
        if (!model.Parameters().Intersect(optimizer.Parameters).Any(parameter => parameter.RequiresGrad))
            throw new InvalidOperationException(
                $"Trainer: the optimizer trains none of the parameters of {model.GetType().Name}; they are others, " +
                "or frozen.");
    }

    /// <summary>The optimizer has no parameter of a layer that the first batch created.</summary>
    /// <exception cref="InvalidOperationException">There is such a parameter.</exception>
    public void CheckNoNewParameters()
    {
        var count = model.Parameters().Count(p => p.RequiresGrad && !knownParameters.Contains(p));
        if (count > 0)
            throw new InvalidOperationException(
                $"Trainer: {model.GetType().Name} has created {count} parameters since the trainer was constructed, " +
                "which the optimizer does not have; create them in its constructor, or call Forward once before its " +
                "parameters go to an optimizer.");
    }

    /// <summary>
    /// Runs the model on a single item of zeros if an epoch would end with one, and restores its state: otherwise only
    /// the last step of the first epoch would fail.
    /// </summary>
    /// <param name="state">The model's state, which is restored.</param>
    /// <exception cref="InputException">The model cannot learn from a single item.</exception>
    public void CheckSingleItemBatch(Snapshot state)
    {
        if (train.BatchSize > 1 && train.Count % train.BatchSize != 1) return;
        if (FaultOfSingleItem(state) is not { } fault) return;
        var batches = train.BatchSize == 1
            ? "Batches of one item"
            : $"{train.Count} items in batches of {train.BatchSize}";
        throw new InputException(
            $"{batches} leave one item alone in a batch, from which the model cannot learn; choose another batch " +
            $"size{(train.BatchSize == 1 ? "" : ", or a DataLoader with dropLast")}. {fault.Message}", fault);
    }

    /// <summary>As <see cref="CheckSingleItemBatch"/>, for the shards of batches.</summary>
    /// <exception cref="InputException">The model cannot learn from a single item.</exception>
    public void CheckSingleItemShard(ShardPlan plan)
    {
        var rest = train.Count % train.BatchSize;
        int[] sizes = rest == 0 ? [train.BatchSize] : [train.BatchSize, rest];
        foreach (var size in sizes.Where(plan.HasSingleItem))
        {
            if (FaultOfSingleItem(new(model)) is not { } fault) return;
            throw new InputException(
                $"A batch of {size} items in {plan.Shards} shards leaves one item alone in a shard, from which the " +
                $"model cannot learn; choose fewer shards, or another batch size. {fault.Message}", fault);
        }
    }

    /// <summary>Runs the model on a single item of zeros, and restores its state.</summary>
    /// <param name="state">The model's state, which is restored.</param>
    /// <returns>Why it cannot learn from it; null if it can.</returns>
    private ShapeException? FaultOfSingleItem(Snapshot state)
    {
        var generators = model.Generators().Select(g => (g.Rng, g.Rng.State)).ToArray();
        using var modes = IsWholeModelInEvaluation ? model.Evaluating() : default;
        if (IsWholeModelInEvaluation) model.Train();       // as the trainer will
        try
        {
            using var paused = GradMode.NoGrad();
            model.Forward(Tensor.Zeros([1, .. train.ItemShape], train.Device)).Release();
            return null;
        }
        catch (ShapeException fault)
        {
            return fault;
        }
        finally
        {
            state.Restore();
            foreach (var (rng, position) in generators) rng.State = position;
        }
    }
}
