"""The usual mistakes in exercise 08: by question, what a student might write in the answer's cell."""

WRONG = {
    "check-q1": [
        # groups are ignored
        """
def cost(in_channels, out_channels, kernel, size, groups=1):
    weights = out_channels * in_channels * kernel * kernel
    return weights + out_channels, weights * size * size
""",
        # no biases
        """
def cost(in_channels, out_channels, kernel, size, groups=1):
    weights = out_channels * (in_channels // groups) * kernel * kernel
    return weights, weights * size * size
""",
        # the biases are multiplied too
        """
def cost(in_channels, out_channels, kernel, size, groups=1):
    parameters = out_channels * ((in_channels // groups) * kernel * kernel + 1)
    return parameters, parameters * size * size
""",
        # fractions
        """
def cost(in_channels, out_channels, kernel, size, groups=1):
    weights = out_channels * (in_channels / groups) * kernel * kernel
    return weights + out_channels, weights * size * size
""",
    ],
    "check-q2": [
        # the weights are read anew for every picture
        """
def intensity(in_channels, out_channels, kernel, size, batch=1, groups=1):
    weights = out_channels * (in_channels // groups) * kernel * kernel
    numbers = (in_channels + out_channels) * size * size + weights
    return weights * size * size / (4 * numbers)
""",
        # per number, not per byte
        """
def intensity(in_channels, out_channels, kernel, size, batch=1, groups=1):
    weights = out_channels * (in_channels // groups) * kernel * kernel
    numbers = batch * (in_channels + out_channels) * size * size + weights
    return batch * weights * size * size / numbers
""",
        # the output costs nothing
        """
def intensity(in_channels, out_channels, kernel, size, batch=1, groups=1):
    weights = out_channels * (in_channels // groups) * kernel * kernel
    numbers = batch * in_channels * size * size + weights
    return batch * weights * size * size / (4 * numbers)
""",
        # the weights cost nothing
        """
def intensity(in_channels, out_channels, kernel, size, batch=1, groups=1):
    weights = out_channels * (in_channels // groups) * kernel * kernel
    return weights / (4 * (in_channels + out_channels))
""",
    ],
    "check-q3": [
        # one after the other
        """
def roofline(multiply_adds, bytes_moved, peak, bandwidth):
    computing, moving = multiply_adds / peak, bytes_moved / bandwidth
    return computing + moving, "memory" if moving > computing else "compute"
""",
        # the faster of the two
        """
def roofline(multiply_adds, bytes_moved, peak, bandwidth):
    computing, moving = multiply_adds / peak, bytes_moved / bandwidth
    return min(computing, moving), "memory" if moving > computing else "compute"
""",
        # the other one is to blame
        """
def roofline(multiply_adds, bytes_moved, peak, bandwidth):
    computing, moving = multiply_adds / peak, bytes_moved / bandwidth
    return max(computing, moving), "compute" if moving > computing else "memory"
""",
    ],
    "check-q4": [
        # the mean
        """
def stopwatch(run, repeats, clock):
    run()
    before = clock()
    for _ in range(repeats):
        run()
    return (clock() - before) / repeats
""",
        # the first call counts
        """
def stopwatch(run, repeats, clock):
    times = []
    for _ in range(repeats):
        before = clock()
        run()
        times.append(clock() - before)
    return torch.tensor(times, dtype=torch.float64).quantile(0.5).item()
""",
        # the fastest
        """
def stopwatch(run, repeats, clock):
    run()
    times = []
    for _ in range(repeats):
        before = clock()
        run()
        times.append(clock() - before)
    return min(times)
""",
        # the middle of an unsorted list
        """
def stopwatch(run, repeats, clock):
    run()
    times = []
    for _ in range(repeats):
        before = clock()
        run()
        times.append(clock() - before)
    return times[len(times) // 2]
""",
    ],
    "check-q5": [
        # accuracy, not error
        """
def top5_error(logits, labels):
    return 100 * (logits.topk(5, dim=1).indices == labels[:, None]).any(dim=1).double().mean().item()


def interval(error, count):
    half = 1.96 * (error * (100 - error) / count) ** 0.5
    return error - half, error + half
""",
        # only the first guess
        """
def top5_error(logits, labels):
    return 100 * (logits.argmax(dim=1) != labels).double().mean().item()


def interval(error, count):
    half = 1.96 * (error * (100 - error) / count) ** 0.5
    return error - half, error + half
""",
        # an error for every wrong guess
        """
def top5_error(logits, labels):
    return 100 * (logits.topk(5, dim=1).indices != labels[:, None]).double().mean().item()


def interval(error, count):
    half = 1.96 * (error * (100 - error) / count) ** 0.5
    return error - half, error + half
""",
        # percent taken for a fraction
        """
def top5_error(logits, labels):
    return 100 * (logits.topk(5, dim=1).indices != labels[:, None]).all(dim=1).double().mean().item()


def interval(error, count):
    half = 1.96 * abs(error * (1 - error) / count) ** 0.5
    return error - half, error + half
""",
    ],
    "check-q6": [
        # better than the neighbour is enough
        """
def pareto(table):
    table = table.sort_values(["cost", "accuracy"], ascending=[True, False])
    return list(table.index[table.accuracy > table.accuracy.shift(fill_value=float("-inf"))])
""",
        # the order of the rows
        """
def pareto(table):
    return [
        name
        for name, row in table.iterrows()
        if not ((table.cost <= row.cost) & (table.accuracy > row.accuracy)).any()
        and not ((table.cost < row.cost) & (table.accuracy >= row.accuracy)).any()
    ]
""",
        # of equally dear ones both stay
        """
def pareto(table):
    front, best = [], float("-inf")
    for name, row in table.sort_values(["cost", "accuracy"]).iterrows():
        if row.accuracy > best:
            front.append(name)
            best = row.accuracy
    return front
""",
    ],
    "check-q7": [
        # parameters cost nothing
        """
def largest_batch(memory, parameters, activations):
    return max(0, int(memory // activations))
""",
        # the weights alone
        """
def largest_batch(memory, parameters, activations):
    return max(0, int((memory - 4 * parameters) // activations))
""",
        # rounded to the next
        """
def largest_batch(memory, parameters, activations):
    return max(0, round((memory - 16 * parameters) / activations))
""",
        # a negative number of pictures
        """
def largest_batch(memory, parameters, activations):
    return int((memory - 16 * parameters) // activations)
""",
    ],
    "check-q8": [
        # it is enough to keep one limit
        """
def choose(table, limits):
    fitting = table.dropna(subset=["top1"])
    keeps = [fitting[column] <= most for column, most in limits.items()]
    fitting = fitting[pd.concat(keeps, axis=1).any(axis=1)] if keeps else fitting
    if fitting.empty:
        return None
    return fitting.sort_values(["top1", "multiply_adds"], ascending=[False, True]).index[0]
""",
        # the limit itself is not allowed
        """
def choose(table, limits):
    fitting = table.dropna(subset=["top1"])
    for column, most in limits.items():
        fitting = fitting[fitting[column] < most]
    if fitting.empty:
        return None
    return fitting.sort_values(["top1", "multiply_adds"], ascending=[False, True]).index[0]
""",
        # a crash when nothing fits
        """
def choose(table, limits):
    fitting = table.dropna(subset=["top1"])
    for column, most in limits.items():
        fitting = fitting[fitting[column] <= most]
    return fitting.sort_values(["top1", "multiply_adds"], ascending=[False, True]).index[0]
""",
        # the first of equally accurate ones
        """
def choose(table, limits):
    fitting = table.dropna(subset=["top1"])
    for column, most in limits.items():
        fitting = fitting[fitting[column] <= most]
    return None if fitting.empty else fitting.top1.idxmax()
""",
        # the cheapest, not the best
        """
def choose(table, limits):
    fitting = table.dropna(subset=["top1"])
    for column, most in limits.items():
        fitting = fitting[fitting[column] <= most]
    return None if fitting.empty else fitting.multiply_adds.idxmin()
""",
    ],
}
